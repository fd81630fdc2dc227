//! Living with MFA: recovery codes, replacing and removing a factor, and "It was not me".

use crate::{mails::smtp, sign_in::factor_of, *};
use claviger_app::{
    Refusal,
    enrollment::{Aim, Confirmed, Enroller},
    session::{SignedIn, Visit},
    sign_in::{CodeOutcome, PasswordOutcome},
    stored::Purpose,
    verify::Told,
};
use claviger_domain::{
    account::{Password, Realm},
    id::AccountId,
    mfa::Enrollment,
    organization::RecoveryCodes,
    recovery::{CODES, RecoveryCode},
    secret::Secret,
    sign_in::Next,
    time::Span,
    totp::{Code, TotpSecret},
};
use claviger_testing::{TestDatabase, on_both};

const ALICE: &str = "alice@acme.test";
const ADA: &str = "ada@acme.test";

fn unknown() -> RecoveryCode {
    RecoveryCode::new([0xa5; 10])
}

fn is_in(outcome: &CodeOutcome) -> bool {
    matches!(outcome, CodeOutcome::Session(session) if session.next == Next::Enter)
}

impl World {
    /// A user who has just set MFA up and is in.
    async fn living(&self, name: &str, days: Option<i64>) -> (SignedIn, TotpSecret, Vec<RecoveryCode>) {
        self.user(name, days).await;
        let who = match self.visit(&self.session(name).await).await {
            Visit::Half(half) => Enroller::on_the_way(&half).unwrap(),
            Visit::Full(me) => Enroller::from_within(&me),
            Visit::Stranger => panic!("{name} is a stranger"),
        };
        self.app.start_enrollment(&who).await.unwrap();
        let secret = self.shown(&who).await;
        let done = self.app.confirm_enrollment(&who, &self.code_now(&secret), "").await.unwrap();
        let me = self.signed_in(&done.session).await;
        self.later(Span::seconds(60));
        (me, secret, done.codes)
    }

    async fn recover(&self, name: &str, code: &RecoveryCode) -> CodeOutcome {
        let half = self.half(name).await;
        self.app.submit_recovery_code(&half, factor_of(&half), code).await.unwrap()
    }

    async fn guess(&self, name: &str) {
        let half = self.half(name).await;
        let wrong = Code::parse("code", "000000").unwrap();
        let _ = self.app.submit_code(&half, factor_of(&half), &wrong).await.unwrap();
    }

    async fn wrong_codes(&self, id: AccountId) -> u32 {
        self.app.user_with_factor(&granted(), id).await.unwrap().factor.unwrap().factor.failures.in_row
    }

    async fn offer(&self, recovery_codes: RecoveryCodes) {
        let organization = self.app.organization().await.unwrap();
        let mut settings = organization.settings.clone();
        settings.recovery_codes = recovery_codes;
        self.app.save_settings(&granted(), settings, None).await.unwrap();
    }

    /// The tokens of the links under `part` that were mailed to `to`, the latest mail's first.
    async fn tokens_mailed(&self, to: &str, part: &str) -> Vec<String> {
        self.app.save_smtp(&granted(), &smtp()).await.unwrap();
        for _ in 0..3 {
            self.app.work_once().await.unwrap();
        }
        let mut sent: Vec<_> =
            self.mailbox.sent.lock().unwrap().iter().filter(|mail| mail.to == to).cloned().collect();
        sent.sort_by_key(|mail| std::cmp::Reverse(mail.id));
        let words = sent.iter().flat_map(|mail| mail.text.split_whitespace());
        words.filter(|word| word.contains(part)).map(|link| token_of(link).to_owned()).collect()
    }

    async fn signs_in_with_password_alone(&self, name: &str) -> bool {
        self.session(name).await.next == Next::Enter
    }
}

on_both!(ten_codes_are_made_with_a_confirmed_factor_and_not_before, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    let me = world.signed_in(&world.session("alice").await).await;
    assert_eq!(world.app.recovery_codes_left(&me).await.unwrap(), None);
    let refused = world.app.make_recovery_codes(&me, "123456").await.unwrap_err();
    assert!(matches!(refused, Refusal::State { code: "not_enrolled", .. }), "{refused}");
    let (bob, _, codes) = world.living("bob", Some(7)).await;
    assert_eq!(codes.len(), CODES);
    assert!(codes.iter().all(|code| codes.iter().filter(|other| *other == code).count() == 1));
    assert_eq!(world.app.recovery_codes_left(&bob).await.unwrap(), Some(10));
});

on_both!(each_code_lets_in_once_and_every_use_is_mailed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (me, _, codes) = world.living("alice", Some(7)).await;
    for (used, code) in codes.iter().enumerate() {
        assert!(is_in(&world.recover("alice", code).await), "{used}");
        let again = world.recover("alice", code).await;
        assert!(matches!(again, CodeOutcome::Refused(Told::AlreadyUsed)), "{again:?}");
        let left = i64::try_from(CODES - used - 1).unwrap();
        assert_eq!(world.app.recovery_codes_left(&me).await.unwrap(), Some(left));
    }
    let mails = world.subjects(ALICE).await;
    assert_eq!(mails.iter().filter(|kind| *kind == "recovery_code_used").count(), CODES);
    assert_eq!(world.wrong_codes(me.account.id).await, 0, "a used code is no wrong one");
});

on_both!(of_two_browsers_on_two_nodes_with_the_same_code_one_gets_in, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    let (me, _, codes) = world.living("alice", Some(7)).await;
    for (used, code) in codes.iter().take(3).enumerate() {
        let (first, second) = (world.half("alice").await, world.half("alice").await);
        let factor = factor_of(&first);
        let (one, two) = tokio::join!(
            world.app.submit_recovery_code(&first, factor, code),
            other.submit_recovery_code(&second, factor, code)
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(is_in(&one) != is_in(&two), "{one:?} {two:?}");
        let left = i64::try_from(CODES - used - 1).unwrap();
        assert_eq!(world.app.recovery_codes_left(&me).await.unwrap(), Some(left));
    }
});

on_both!(wrong_recovery_codes_count_with_wrong_codes_and_lock, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (me, secret, codes) = world.living("alice", Some(7)).await;
    for _ in 0..4 {
        world.guess("alice").await;
        let outcome = world.recover("alice", &unknown()).await;
        assert!(matches!(outcome, CodeOutcome::Refused(Told::Wrong)), "{outcome:?}");
    }
    assert!(is_in(&world.recover("alice", codes.first().unwrap()).await));
    assert_eq!(world.wrong_codes(me.account.id).await, 8, "a right recovery code clears nothing");
    for _ in 0..2 {
        let _ = world.recover("alice", &unknown()).await;
    }
    assert_eq!(world.subjects(ALICE).await.last().unwrap(), "factor_locked");
    assert!(world.subjects(ADA).await.contains(&"factor_locked".to_owned()));
    let second = codes.get(1).unwrap();
    let locked = world.recover("alice", second).await;
    assert!(matches!(locked, CodeOutcome::Refused(Told::Locked { until: Some(_) })), "{locked:?}");
    let half = world.half("alice").await;
    let locked = world.app.submit_code(&half, factor_of(&half), &world.code(&secret)).await.unwrap();
    assert!(matches!(locked, CodeOutcome::Refused(Told::Locked { .. })), "{locked:?}");
    world.app.unlock_user(&granted(), me.account.id).await.unwrap();
    assert!(is_in(&world.recover("alice", second).await), "what was refused unseen is not used up");
});

on_both!(five_wrong_recovery_codes_start_the_sign_in_again, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.living("alice", Some(7)).await;
    let session = world.session("alice").await;
    for n in 1..=5 {
        let Visit::Half(half) = world.visit(&session).await else { panic!("{n}") };
        let outcome = world.app.submit_recovery_code(&half, factor_of(&half), &unknown()).await.unwrap();
        assert_eq!(matches!(outcome, CodeOutcome::StartAgain), n == 5, "{n}: {outcome:?}");
    }
    assert!(matches!(world.visit(&session).await, Visit::Stranger));
});

on_both!(
    switched_off_no_code_is_made_or_taken_and_switched_on_all_is_as_before,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let (me, secret, codes) = world.living("alice", Some(7)).await;
        let code = codes.first().unwrap();
        world.offer(RecoveryCodes::Off).await;
        let half = world.half("alice").await;
        let refused = world.app.submit_recovery_code(&half, factor_of(&half), code).await.unwrap_err();
        assert!(matches!(refused, Refusal::State { code: "recovery_codes_off", .. }), "{refused}");
        let refused = world.app.make_recovery_codes(&me, &world.code_now(&secret)).await.unwrap_err();
        assert!(matches!(refused, Refusal::State { code: "recovery_codes_off", .. }), "{refused}");
        assert_eq!(world.app.recovery_codes_left(&me).await.unwrap(), None);
        let (bob, _, none) = world.living("bob", Some(7)).await;
        assert!(none.is_empty());
        world.offer(RecoveryCodes::On).await;
        assert_eq!(world.app.recovery_codes_left(&bob).await.unwrap(), Some(0));
        assert!(is_in(&world.recover("alice", code).await));
    }
);

on_both!(new_codes_cost_a_current_code_and_kill_the_old_ones, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (me, secret, old) = world.living("alice", Some(7)).await;
    for wrong in ["000000", "", "not it"] {
        let refused = world.app.make_recovery_codes(&me, wrong).await.unwrap_err();
        assert_eq!(refused_fields(refused), ["code"], "{wrong}");
    }
    assert_eq!(world.wrong_codes(me.account.id).await, 1);
    let code = world.code_now(&secret);
    let new = world.app.make_recovery_codes(&me, &code).await.unwrap();
    assert_eq!(new.len(), CODES);
    let refused = world.app.make_recovery_codes(&me, &code).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["code"], "the code is used up");
    let dead = world.recover("alice", old.first().unwrap()).await;
    assert!(matches!(dead, CodeOutcome::Refused(Told::Wrong)), "{dead:?}");
    assert!(is_in(&world.recover("alice", new.first().unwrap()).await));
});

on_both!(a_reset_deletes_the_codes, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (me, _, codes) = world.living("alice", Some(7)).await;
    world.app.reset_mfa(&granted(), me.account.id, days(7), "lost the phone").await.unwrap();
    let who = Enroller::on_the_way(&world.half("alice").await).unwrap();
    world.enroll(&who).await;
    for code in codes.iter().take(2) {
        let dead = world.recover("alice", code).await;
        assert!(matches!(dead, CodeOutcome::Refused(Told::Wrong)), "{dead:?}");
    }
});

on_both!(a_replaced_factor_works_until_the_new_one_is_confirmed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (me, old, codes) = world.living("alice", Some(7)).await;
    let who = Enroller::from_within(&me);
    assert_eq!(who.aim, Aim::Replacement);
    let refused = world.app.start_enrollment(&who).await.unwrap_err();
    assert!(matches!(refused, Refusal::State { code: "already_enrolled", .. }), "{refused}");
    let (right, wrong) = (Secret::from(PASSWORD), Secret::from("not the password"));
    let code = world.code_now(&old);
    let refused = world.app.start_replacement(&me, &wrong, &code).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["current_password"]);
    let refused = world.app.start_replacement(&me, &right, "000000").await.unwrap_err();
    assert_eq!(refused_fields(refused), ["code"]);
    assert!(matches!(world.app.show_enrollment(&who).await, Err(Refusal::NotFound(_))));
    world.app.start_replacement(&me, &right, &code).await.unwrap();
    let new = world.shown(&who).await;
    world.later(Span::seconds(60));
    let half = world.half("alice").await;
    let outcome = world.app.submit_code(&half, factor_of(&half), &world.code(&old)).await.unwrap();
    let CodeOutcome::Session(elsewhere) = outcome else { panic!("{outcome:?}") };
    let Confirmed { session, codes: fresh } =
        world.app.confirm_enrollment(&who, &world.code_now(&new), "").await.unwrap();
    assert!(matches!(world.visit(&elsewhere).await, Visit::Stranger), "other sessions end");
    assert_eq!(world.signed_in(&session).await.account.id, me.account.id);
    world.later(Span::seconds(60));
    let half = world.half("alice").await;
    let outcome = world.app.submit_code(&half, factor_of(&half), &world.code(&old)).await.unwrap();
    assert!(matches!(outcome, CodeOutcome::Refused(Told::Wrong)), "{outcome:?}");
    let dead = world.recover("alice", codes.first().unwrap()).await;
    assert!(matches!(dead, CodeOutcome::Refused(Told::Wrong)), "{dead:?}");
    assert!(is_in(&world.recover("alice", fresh.first().unwrap()).await));
    let half = world.half("alice").await;
    let outcome = world.app.submit_code(&half, factor_of(&half), &world.code(&new)).await.unwrap();
    assert!(is_in(&outcome), "{outcome:?}");
});

on_both!(a_factor_is_removed_by_its_owner_only_where_it_is_not_required, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let password = Secret::from(PASSWORD);
    let (bob, required, _) = world.living("bob", Some(7)).await;
    let refused = world.app.remove_own_factor(&bob, &password, &world.code_now(&required)).await.unwrap_err();
    assert!(matches!(refused, Refusal::State { code: "mfa_required", .. }), "{refused}");
    let (me, secret, codes) = world.living("alice", None).await;
    let outcome = world.recover("alice", codes.first().unwrap()).await;
    let CodeOutcome::Session(elsewhere) = outcome else { panic!("{outcome:?}") };
    let wrong = Secret::from("not the password");
    let refused = world.app.remove_own_factor(&me, &wrong, &world.code_now(&secret)).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["current_password"]);
    let refused = world.app.remove_own_factor(&me, &password, "000000").await.unwrap_err();
    assert_eq!(refused_fields(refused), ["code"]);
    assert!(matches!(world.half("alice").await.next, Next::Code(_)));
    world.app.remove_own_factor(&me, &password, &world.code_now(&secret)).await.unwrap();
    assert_eq!(world.account(me.account.id).await.mfa.enrollment, Enrollment::NotEnrolled);
    assert!(matches!(world.visit(&elsewhere).await, Visit::Stranger), "other sessions end");
    assert!(world.signs_in_with_password_alone("alice").await);
    assert_eq!(world.subjects(ALICE).await.last().unwrap(), "mfa_removed");
    let again = world.signed_in(&world.session("alice").await).await;
    let (_, _) = world.enroll(&Enroller::from_within(&again)).await;
    let dead = world.recover("alice", codes.get(1).unwrap()).await;
    assert!(matches!(dead, CodeOutcome::Refused(Told::Wrong)), "{dead:?}");
});

on_both!(
    not_me_locks_the_account_and_looking_at_the_link_changes_nothing,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let (me, _, codes) = world.living("alice", Some(7)).await;
        let CodeOutcome::Session(inside) = world.recover("alice", codes.first().unwrap()).await else {
            panic!()
        };
        world.app.forgot_password(Realm::User, "alice", &origin()).await.unwrap();
        let reset = world.tokens_mailed(ALICE, "/reset-password/").await.remove(0);
        let tokens = world.tokens_mailed(ALICE, "/not-me/").await;
        assert_eq!(tokens.len(), 2, "one of the set-up, one of the recovery code, both alive");
        for token in &tokens {
            assert_eq!(world.app.not_me_link(Realm::User, token).await.unwrap().account.id, me.account.id);
            assert!(world.app.not_me_link(Realm::Administrator, token).await.is_err());
        }
        assert_eq!(world.signed_in(&inside).await.account.id, me.account.id);

        let token = tokens.last().unwrap();
        world.app.report_misuse(Realm::User, token, &origin()).await.unwrap();
        assert_eq!(world.account(me.account.id).await.password, Password::Pending);
        assert!(matches!(world.visit(&inside).await, Visit::Stranger));
        assert!(matches!(world.password("alice", PASSWORD).await, PasswordOutcome::Refused));
        assert!(world.app.password_link(Realm::User, Purpose::PasswordReset, &reset).await.is_err());
        for token in &tokens {
            let again = world.app.report_misuse(Realm::User, token, &origin()).await;
            assert!(matches!(again, Err(Refusal::NotFound("link"))), "{again:?}");
        }
        assert_eq!(world.subjects(ADA).await, ["reported_misuse"]);
        let log = world.app.activity(&granted(), &me.account.id.to_string(), 10).await.unwrap();
        assert!(log.iter().any(|entry| entry.action == "account.not_me"));
    }
);

on_both!(
    a_link_of_not_me_outlives_a_change_of_the_password_and_dies_after_seven_days,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let (me, _, _) = world.living("alice", Some(7)).await;
        let first = world.tokens_mailed(ALICE, "/not-me/").await.remove(0);
        world.app.change_own_password(&me, &Secret::from(PASSWORD), "gentle otter 77 moss").await.unwrap();
        assert_eq!(world.tokens_mailed(ALICE, "/not-me/").await.len(), 2);
        assert!(world.app.not_me_link(Realm::User, &first).await.is_ok());
        world.later(Span::days(7));
        assert!(world.app.report_misuse(Realm::User, &first, &origin()).await.is_err());
        assert_ne!(world.account(me.account.id).await.password, Password::Pending);
    }
);

on_both!(
    an_administrator_who_was_it_not_gets_a_link_for_another_password,
    async |database: &TestDatabase| {
        let world = World::fresh(database).await;
        let half = match world.visit(&world.set_up().await).await {
            Visit::Half(half) => half,
            other => panic!("{other:?}"),
        };
        let (session, _) = world.enroll(&Enroller::on_the_way(&half).unwrap()).await;
        let token = world.tokens_mailed(ADA, "/admin/not-me/").await.remove(0);
        world.app.report_misuse(Realm::Administrator, &token, &origin()).await.unwrap();
        assert!(matches!(world.visit(&session).await, Visit::Stranger));
        let password = Secret::from(PASSWORD);
        let refused =
            world.app.submit_password(Realm::Administrator, ADA, &password, &origin()).await.unwrap();
        assert!(matches!(refused, PasswordOutcome::Refused), "{refused:?}");
        let reset = world.tokens_mailed(ADA, "/admin/reset-password/").await.remove(0);
        let link =
            world.app.password_link(Realm::Administrator, Purpose::PasswordReset, &reset).await.unwrap();
        let session = world.app.set_password(&link, "gentle otter 77 moss", &origin()).await.unwrap();
        assert!(matches!(session.next, Next::Code(_)), "the code is asked for all the same");
    }
);

on_both!(a_deleted_user_leaves_no_recovery_codes, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (me, _, _) = world.living("alice", Some(7)).await;
    let id = me.account.id;
    world.app.delete_user(&granted(), id).await.unwrap();
    let organization = world.app.organization().await.unwrap().id;
    let left = claviger_store::table::recovery::left(world.app.store(), organization, id).await.unwrap();
    assert_eq!(left, 0);
});
