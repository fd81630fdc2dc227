//! Verify Your Identity: how administrators without their authenticator get in again (S6.8, S6.9).

use crate::{mails::smtp, sign_in::factor_of, *};
use claviger_app::{
    Refusal,
    administrators::AdministratorForm,
    demand::Ticked,
    enrollment::{Aim, Enroller},
    mfa_reset::ResetOutcome,
    reset_approval::AdministratorReset,
    session::{HalfSignedIn, NewSession, SignedIn, Visit},
    sign_in::{CodeOutcome, PasswordOutcome},
    stored::Purpose,
};
use claviger_domain::{
    account::Realm,
    id::AccountId,
    mfa_reset::{ResetApproval, SelfReset, Standing},
    permission::{Granted, ManageAdministrators, Role},
    secret::Secret,
    sign_in::Next,
    time::Span,
    totp::{Code, TotpSecret},
};
use claviger_testing::{TestDatabase, on_both};

const ADA: &str = "ada@acme.test";
const BEA: &str = "bea@acme.test";
const CAT: &str = "cat@acme.test";

/// An administrator with their authenticator.
pub(crate) struct Known {
    email: &'static str,
    pub(crate) secret: TotpSecret,
}

impl World {
    pub(crate) async fn password_of_admin(&self, email: &str) -> NewSession {
        let password = Secret::from(PASSWORD);
        match self.app.submit_password(Realm::Administrator, email, &password, &origin()).await.unwrap() {
            PasswordOutcome::Session(session) => session,
            other => panic!("{email}: {other:?}"),
        }
    }

    pub(crate) async fn half_admin(&self, email: &str) -> HalfSignedIn {
        match self.visit(&self.password_of_admin(email).await).await {
            Visit::Half(half) => *half,
            other => panic!("{email}: {other:?}"),
        }
    }

    /// Sets MFA up on the way in.
    async fn enroll_admin(&self, email: &'static str) -> Known {
        let half = self.half_admin(email).await;
        let (_, secret) = self.enroll(&Enroller::on_the_way(&half).unwrap()).await;
        self.later(Span::seconds(60));
        Known { email, secret }
    }

    /// The first administrator, with billing.
    pub(crate) async fn ada(&self) -> Known {
        self.enroll_admin(ADA).await
    }

    pub(crate) async fn another_admin(&self, email: &'static str, role: Role) -> Known {
        let form = AdministratorForm {
            email: email.into(),
            role: role.key().into(),
            ..AdministratorForm::default()
        };
        let made = self.app.create_administrator(&granted(), &form, Ticked::Yes).await.unwrap();
        let purpose = Purpose::Registration;
        let found =
            self.app.password_link(Realm::Administrator, purpose, token_of(&made.link)).await.unwrap();
        self.app.set_password(&found, PASSWORD, &origin()).await.unwrap();
        self.enroll_admin(email).await
    }

    pub(crate) async fn admin_in(&self, who: &Known) -> SignedIn {
        self.later(Span::seconds(60));
        let half = self.half_admin(who.email).await;
        match self.app.submit_code(&half, factor_of(&half), &self.code(&who.secret)).await.unwrap() {
            CodeOutcome::Session(session) => self.signed_in(&session).await,
            other => panic!("{}: {other:?}", who.email),
        }
    }

    async fn id_of(&self, email: &str) -> AccountId {
        self.app.find_account(Realm::Administrator, email).await.unwrap().unwrap().id
    }

    async fn settle(&self, self_reset: SelfReset, approval: ResetApproval) {
        let mut settings = self.app.organization().await.unwrap().settings.clone();
        settings.self_reset = self_reset;
        settings.reset_approval = approval;
        self.app.save_settings(&granted(), settings, None).await.unwrap();
    }

    /// Asks for a link on the page for the code, and takes it from the mail.
    pub(crate) async fn reset_link_of(&self, email: &str) -> String {
        self.app.ask_for_reset(&self.half_admin(email).await).await.unwrap();
        self.app.save_smtp(&granted(), &smtp()).await.unwrap();
        for _ in 0..3 {
            self.app.work_once().await.unwrap();
        }
        let mut sent = self.mailbox.sent.lock().unwrap().clone();
        sent.retain(|mail| mail.to == email);
        sent.sort_by_key(|mail| std::cmp::Reverse(mail.id));
        let link = sent.iter().flat_map(|mail| mail.text.split_whitespace());
        token_of(link.clone().find(|word| word.contains("/admin/reset-mfa/")).unwrap()).to_owned()
    }

    async fn open(&self, token: &str, email: &str, password: &str) -> Result<ResetOutcome, Refusal> {
        self.app.open_reset(token, email, &Secret::from(password), &origin()).await
    }

    async fn wizard(&self, token: &str, email: &str) -> Enroller {
        match self.open(token, email, PASSWORD).await.unwrap() {
            ResetOutcome::Wizard(session) => match self.visit(&session).await {
                Visit::Half(half) => Enroller::on_the_way(&half).unwrap(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    async fn takes(&self, email: &str, secret: &TotpSecret) -> bool {
        self.later(Span::seconds(60));
        let half = self.half_admin(email).await;
        let told = self.app.submit_code(&half, factor_of(&half), &self.code(secret)).await.unwrap();
        matches!(told, CodeOutcome::Session(session) if session.next == Next::Enter)
    }

    async fn mailed(&self, email: &str, kind: &str) -> usize {
        self.subjects(email).await.iter().filter(|queued| *queued == kind).count()
    }
}

pub(crate) fn managing(me: &SignedIn) -> Granted<ManageAdministrators> {
    me.actor.granted().unwrap()
}

pub(crate) fn code_of<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> &'static str {
    match refused.unwrap_err() {
        Refusal::State { code, .. } => code,
        Refusal::NotFresh(_) => "not_fresh",
        Refusal::NotFound(_) => "not_found",
        Refusal::Fields(_) => "fields",
        other => panic!("{other}"),
    }
}

on_both!(a_mailed_link_and_the_password_replace_the_factor_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = world.ada().await;
    let bea = world.another_admin(BEA, Role::AdministratorWithBilling).await;
    world.another_admin(CAT, Role::Administrator).await;
    let elsewhere = world.admin_in(&bea).await;
    let token = world.reset_link_of(BEA).await;
    for (email, password) in [(ADA, PASSWORD), (BEA, "wrong"), ("nobody@acme.test", PASSWORD)] {
        let outcome = world.open(&token, email, password).await.unwrap();
        assert!(matches!(outcome, ResetOutcome::Refused), "{email} {outcome:?}");
    }
    let who = world.wizard(&token, BEA).await;
    assert_eq!(who.aim, Aim::Reset);
    world.app.start_enrollment(&who).await.unwrap();
    let new = world.shown(&who).await;
    assert!(world.takes(BEA, &bea.secret).await, "the old factor works until the new one is confirmed");
    let wrong = world.app.confirm_enrollment(&who, "000000", "").await.unwrap_err();
    assert_eq!(refused_fields(wrong), ["code"]);
    let done = world.app.confirm_enrollment(&who, &world.code_now(&new), "").await.unwrap();
    assert_eq!(done.session.next, Next::Enter);
    assert!(!world.takes(BEA, &bea.secret).await && world.takes(BEA, &new).await);
    let old = world.app.own_sessions(&elsewhere).await.unwrap();
    assert!(old.iter().all(|session| session.id != elsewhere.session_id()), "other sessions end");
    assert_eq!(code_of(world.open(&token, BEA, PASSWORD).await), "not_found", "the link works once");
    assert_eq!(world.mailed(BEA, "mfa_reset_done").await, 1);
    assert_eq!(world.mailed(ADA, "administrator_reset").await, 1);
    assert_eq!(world.mailed(CAT, "administrator_reset").await, 0, "without billing");
    assert!(world.takes(ADA, &ada.secret).await);
});

on_both!(a_reset_link_lives_30_minutes_and_the_next_one_kills_it, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.ada().await;
    let first = world.reset_link_of(ADA).await;
    world.later(Span::minutes(6));
    let second = world.reset_link_of(ADA).await;
    assert_eq!(code_of(world.app.reset_link(&first).await), "not_found");
    world.later(Span::minutes(29));
    let who = world.wizard(&second, ADA).await;
    world.later(Span::minutes(2));
    assert_eq!(code_of(world.open(&second, ADA, PASSWORD).await), "not_found", "too late to open it again");
    let (session, _) = world.enroll(&who).await;
    assert_eq!(session.next, Next::Enter, "but not to end what was begun in time");
});

on_both!(of_two_wizards_over_one_link_the_later_one_goes_on, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.ada().await;
    let token = world.reset_link_of(ADA).await;
    let first = world.wizard(&token, ADA).await;
    let second = world.wizard(&token, ADA).await;
    assert_eq!(code_of(world.app.start_enrollment(&first).await), "reset_over");
    world.enroll(&second).await;
});

on_both!(a_delayed_reset_waits_and_any_administrator_cancels_it, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.ada().await;
    let bea = world.another_admin(BEA, Role::AdministratorWithBilling).await;
    let cat = world.another_admin(CAT, Role::Administrator).await;
    world.settle(SelfReset::After(Span::hours(24)), ResetApproval::Off).await;
    let asked_at = world.app.now();
    let token = world.reset_link_of(BEA).await;
    match world.open(&token, BEA, PASSWORD).await.unwrap() {
        ResetOutcome::Asked { ready_at } => assert_eq!(ready_at, asked_at.plus(Span::hours(24))),
        other => panic!("{other:?}"),
    }
    assert_eq!(code_of(world.open(&token, BEA, PASSWORD).await), "not_found", "the link has done its part");
    assert_eq!(
        [world.mailed(BEA, "mfa_reset_delayed").await, world.mailed(ADA, "mfa_reset_delayed").await],
        [1, 1]
    );
    world.later(Span::hours(23));
    let token = world.reset_link_of(BEA).await;
    assert!(matches!(world.open(&token, BEA, PASSWORD).await.unwrap(), ResetOutcome::Waits { .. }));
    world.later(Span::hours(1));
    let token = world.reset_link_of(BEA).await;
    let who = world.wizard(&token, BEA).await;
    world.app.start_enrollment(&who).await.unwrap();
    let new = world.shown(&who).await;
    let me = world.admin_in(&cat).await;
    let waiting = world.app.waiting_resets(&managing(&me)).await.unwrap();
    let [one] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!((one.account.email.to_string(), one.standing), (BEA.to_owned(), Standing::Ready));
    world.app.cancel_reset(&managing(&me), one.reset.id).await.unwrap();
    assert_eq!(code_of(world.app.cancel_reset(&managing(&me), one.reset.id).await), "reset_over");
    let refused = world.app.confirm_enrollment(&who, &world.code_now(&new), "").await;
    assert!(refused.unwrap_err().to_string().contains("canceled"));
    assert_eq!(code_of(world.app.reset_link(&token).await), "not_found");
    assert!(world.takes(BEA, &bea.secret).await);
    assert_eq!(world.mailed(BEA, "mfa_reset_canceled").await, 1);
    let token = world.reset_link_of(BEA).await;
    let again = world.open(&token, BEA, PASSWORD).await.unwrap();
    assert!(matches!(again, ResetOutcome::Asked { .. }), "a new request waits anew: {again:?}");
});

on_both!(where_it_is_off_nobody_resets_their_own, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = world.ada().await;
    let token = world.reset_link_of(ADA).await;
    let who = world.wizard(&token, ADA).await;
    world.app.start_enrollment(&who).await.unwrap();
    let new = world.shown(&who).await;
    world.settle(SelfReset::Off, ResetApproval::Off).await;
    let half = world.half_admin(ADA).await;
    assert_eq!(code_of(world.app.ask_for_reset(&half).await), "self_reset_off");
    assert_eq!(code_of(world.open(&token, ADA, PASSWORD).await), "self_reset_off");
    let code = world.code_now(&new);
    assert_eq!(code_of(world.app.confirm_enrollment(&who, &code, "").await), "self_reset_off");
    assert!(world.takes(ADA, &ada.secret).await);
});

on_both!(
    it_takes_two_to_reset_an_administrator_where_the_organization_wants_it,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let ada = world.ada().await;
        let bea = world.another_admin(BEA, Role::AdministratorWithBilling).await;
        let cat = world.another_admin(CAT, Role::Administrator).await;
        world.settle(SelfReset::On, ResetApproval::On).await;
        let id = world.id_of(BEA).await;
        let (me, target, plain) =
            (world.admin_in(&ada).await, world.admin_in(&bea).await, world.admin_in(&cat).await);
        let alone = world.app.reset_mfa_of_administrator(&managing(&me), id, "lost phone").await;
        assert_eq!(code_of(alone), "approval_needed");
        assert_eq!(code_of(world.app.reset_or_ask(&managing(&plain), id, "x").await), "beyond_reach");
        let asked = match world.app.reset_or_ask(&managing(&me), id, "lost phone").await.unwrap() {
            AdministratorReset::Asked(reset) => reset,
            other => panic!("{other:?}"),
        };
        assert_eq!(code_of(world.app.reset_or_ask(&managing(&me), id, "again").await), "reset_waits");
        for (who, expected) in [(&me, "own_request"), (&target, "own_account"), (&plain, "beyond_reach")] {
            assert_eq!(code_of(world.app.approve_reset(&managing(who), asked.id).await), expected);
        }
        assert!(world.takes(BEA, &bea.secret).await, "nothing has happened yet");
        let dan = world.another_admin("dan@acme.test", Role::AdministratorWithBilling).await;
        let second = world.admin_in(&dan).await;
        let after = world.app.approve_reset(&managing(&second), asked.id).await.unwrap();
        assert_eq!(after.id, id);
        assert_eq!(code_of(world.app.approve_reset(&managing(&second), asked.id).await), "reset_over");
        assert_eq!(world.half_admin(BEA).await.next, Next::MustEnroll);
        assert_eq!(world.mailed(ADA, "administrator_reset").await, 1, "who asked is told that it is done");
        let log = world.app.activity(&granted(), &id.to_string(), 50).await.unwrap();
        let approved = log.iter().find(|entry| entry.action == "administrator.mfa.reset.approve").unwrap();
        assert!(approved.details.contains("lost phone") && approved.actor_name == "dan@acme.test");
    }
);

on_both!(a_request_for_approval_is_over_after_24_hours, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = world.ada().await;
    world.another_admin(BEA, Role::Manager).await;
    let cat = world.another_admin(CAT, Role::AdministratorWithBilling).await;
    world.settle(SelfReset::On, ResetApproval::On).await;
    let id = world.id_of(BEA).await;
    let me = world.admin_in(&ada).await;
    let ask = async |me: &SignedIn| match world.app.reset_or_ask(&managing(me), id, "x").await.unwrap() {
        AdministratorReset::Asked(reset) => reset.id,
        other => panic!("{other:?}"),
    };
    let first = ask(&me).await;
    assert_eq!(world.mailed(CAT, "mfa_reset_approval").await, 1);
    assert_eq!(world.mailed(ADA, "mfa_reset_approval").await, 0, "not to who asked");
    world.later(Span::hours(24));
    let second = world.admin_in(&cat).await;
    assert!(world.app.waiting_resets(&managing(&second)).await.unwrap().is_empty());
    assert_eq!(code_of(world.app.approve_reset(&managing(&second), first).await), "reset_over");
    let me = world.admin_in(&ada).await;
    assert_ne!(ask(&me).await, first);
});

on_both!(the_break_glass_is_logged_and_told_to_the_others, async |database: &TestDatabase| {
    use claviger_domain::permission::{Actor, Who};
    let world = World::new(database).await;
    world.ada().await;
    let host = Actor { who: Who::Host, name: "command line".into(), address: String::new() };
    let form = AdministratorForm {
        email: BEA.into(),
        role: Role::AdministratorWithBilling.key().into(),
        ..AdministratorForm::default()
    };
    world.app.create_administrator(&host.granted().unwrap(), &form, Ticked::Yes).await.unwrap();
    assert_eq!(world.mailed(ADA, "administrator_created").await, 1);
    world.app.reset_administrator_mfa(&host, ADA).await.unwrap();
    assert_eq!(
        [world.mailed(ADA, "administrator_mfa_reset").await, world.mailed(BEA, "administrator_reset").await],
        [1, 1]
    );
    let id = world.id_of(ADA).await.to_string();
    let log = world.app.activity(&granted(), &id, 50).await.unwrap();
    assert!(log.iter().any(|entry| entry.action == "administrator.mfa.reset" && entry.actor_kind == "host"));
});

on_both!(an_enroller_without_a_link_is_no_reset, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = world.ada().await;
    let half = world.half_admin(ADA).await;
    assert!(Enroller::on_the_way(&half).is_none());
    let wrong = Code::parse("code", "000000").unwrap();
    let _ = world.app.submit_code(&half, factor_of(&half), &wrong).await.unwrap();
    assert!(world.takes(ADA, &ada.secret).await);
});
