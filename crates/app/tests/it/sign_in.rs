use crate::*;
use claviger_app::{
    session::{Origin, Visit},
    sign_in::{CodeOutcome, PasswordOutcome},
    verify::Told,
};
use claviger_domain::{account::Realm, secret::Secret, sign_in::Next, time::Span, totp::Code};
use claviger_testing::{TestDatabase, on_both};

pub(crate) fn factor_of(half: &claviger_app::session::HalfSignedIn) -> claviger_domain::id::FactorId {
    match half.next {
        Next::Code(factor) => factor,
        other => panic!("no code is asked for: {other:?}"),
    }
}

on_both!(an_enrolled_user_gives_password_and_code, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, secret) = world.enrolled("alice").await;
    let half = world.half("alice").await;
    let outcome = world.app.submit_code(&half, factor_of(&half), &world.code(&secret)).await.unwrap();
    let CodeOutcome::Session(session) = outcome else { panic!("{outcome:?}") };
    assert_eq!(session.next, Next::Enter);
    assert_eq!(world.signed_in(&session).await.account.email.as_str(), "alice@acme.test");
});

on_both!(the_half_session_is_gone_once_the_code_was_right, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, secret) = world.enrolled("alice").await;
    let session = world.session("alice").await;
    let Visit::Half(half) = world.visit(&session).await else { panic!() };
    let _ = world.app.submit_code(&half, factor_of(&half), &world.code(&secret)).await.unwrap();
    assert!(matches!(world.visit(&session).await, Visit::Stranger));
});

on_both!(the_same_code_is_taken_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, secret) = world.enrolled("alice").await;
    let code = world.code(&secret);
    let first = world.half("alice").await;
    let second = world.half("alice").await;
    assert!(matches!(
        world.app.submit_code(&first, factor_of(&first), &code).await.unwrap(),
        CodeOutcome::Session(_)
    ));
    let again = world.app.submit_code(&second, factor_of(&second), &code).await.unwrap();
    assert!(matches!(again, CodeOutcome::Refused(Told::AlreadyUsed)), "{again:?}");
});

on_both!(five_wrong_codes_start_the_sign_in_again, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.enrolled("alice").await;
    let session = world.session("alice").await;
    let wrong = Code::parse("code", "000000").unwrap();
    for n in 1..=5 {
        let Visit::Half(half) = world.visit(&session).await else { panic!("{n}") };
        let outcome = world.app.submit_code(&half, factor_of(&half), &wrong).await.unwrap();
        assert_eq!(matches!(outcome, CodeOutcome::StartAgain), n == 5, "{n}: {outcome:?}");
    }
    assert!(matches!(world.visit(&session).await, Visit::Stranger));
});

on_both!(ten_wrong_codes_lock_the_factor_and_tell_the_user, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (account, secret) = world.enrolled("alice").await;
    let wrong = Code::parse("code", "000000").unwrap();
    for _ in 0..10 {
        let half = world.half("alice").await;
        let _ = world.app.submit_code(&half, factor_of(&half), &wrong).await.unwrap();
    }
    let half = world.half("alice").await;
    let locked = world.app.submit_code(&half, factor_of(&half), &world.code(&secret)).await.unwrap();
    assert!(matches!(locked, CodeOutcome::Refused(Told::Locked { until: Some(_) })), "{locked:?}");
    assert_eq!(world.subjects("alice@acme.test").await.last().unwrap(), "factor_locked");
    assert_eq!(world.subjects("ada@acme.test").await, ["factor_locked"], "administrators are told");
    world.app.unlock_user(&granted(), account.id).await.unwrap();
    let half = world.half("alice").await;
    let open = world.app.submit_code(&half, factor_of(&half), &world.code(&secret)).await.unwrap();
    assert!(matches!(open, CodeOutcome::Session(_)), "{open:?}");
});

on_both!(unknown_account_wrong_password_and_no_password_are_the_same, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    let pending = claviger_app::demand::Demand::NotRequired;
    let now = claviger_app::users::Activation::Now;
    world.app.create_user(&granted(), &person("pending"), &pending, now).await.unwrap();
    for (name, password) in
        [("nobody", PASSWORD), ("alice", "wrong password"), ("pending", PASSWORD), ("", ""), ("alice", "")]
    {
        assert!(matches!(world.password(name, password).await, PasswordOutcome::Refused), "{name}");
    }
});

on_both!(wrong_passwords_slow_a_guesser_down_and_nobody_else, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    for name in ["alice", "nobody"] {
        for _ in 0..5 {
            assert!(matches!(world.password(name, "wrong").await, PasswordOutcome::Refused));
        }
        assert!(
            matches!(world.password(name, PASSWORD).await, PasswordOutcome::Wait(wait) if wait == Span::seconds(1))
        );
    }
    let elsewhere = Origin { address: "198.51.100.9".into(), user_agent: String::new() };
    let password = Secret::from(PASSWORD);
    let other = world.app.submit_password(Realm::User, "alice", &password, &elsewhere).await.unwrap();
    assert!(matches!(other, PasswordOutcome::Session(_)), "{other:?}");
    world.later(Span::seconds(1));
    assert!(matches!(world.password("alice", PASSWORD).await, PasswordOutcome::Session(_)));
});

on_both!(
    a_half_session_lives_five_minutes_and_a_full_one_by_its_idle_time,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let (_, secret) = world.enrolled("alice").await;
        let waiting = world.session("alice").await;
        world.later(Span::minutes(5));
        assert!(matches!(world.visit(&waiting).await, Visit::Stranger));
        let half = world.half("alice").await;
        let CodeOutcome::Session(full) =
            world.app.submit_code(&half, factor_of(&half), &world.code(&secret)).await.unwrap()
        else {
            panic!()
        };
        for _ in 0..3 {
            world.later(Span::minutes(59));
            assert!(matches!(world.visit(&full).await, Visit::Full(_)));
        }
        world.later(Span::minutes(60));
        assert!(matches!(world.visit(&full).await, Visit::Stranger));
    }
);

on_both!(a_token_of_one_portal_is_nothing_in_the_other, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    let session = world.session("alice").await;
    let visit = world.app.visit(Realm::Administrator, session.token.expose(), origin()).await.unwrap();
    assert!(matches!(visit, Visit::Stranger));
    assert!(matches!(world.app.visit(Realm::User, "nonsense", origin()).await.unwrap(), Visit::Stranger));
});

on_both!(
    suspending_ends_the_sessions_and_says_so_only_after_the_right_password,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let alice = world.user("alice", None).await;
        let session = world.session("alice").await;
        world.app.suspend_user(&granted(), alice.id).await.unwrap();
        assert!(matches!(world.visit(&session).await, Visit::Stranger));
        assert!(matches!(world.password("alice", PASSWORD).await, PasswordOutcome::Barred));
        assert!(matches!(world.password("alice", "wrong").await, PasswordOutcome::Refused));
    }
);

on_both!(a_forgotten_password_is_replaced_and_the_code_still_asked_for, async |database: &TestDatabase| {
    use claviger_app::stored::Purpose;
    let world = World::new(database).await;
    world.enrolled("alice").await;
    world.app.forgot_password(Realm::User, "nobody@acme.test", &origin()).await.unwrap();
    world.app.forgot_password(Realm::User, "alice@acme.test", &origin()).await.unwrap();
    let link = world.link_mailed_to("alice@acme.test", "/reset-password/").await;
    let find = || world.app.password_link(Realm::User, Purpose::PasswordReset, token_of(&link));
    let new = "another tide 77 fern";
    let session = world.app.set_password(&find().await.unwrap(), new, &origin()).await.unwrap();
    assert!(matches!(session.next, Next::Code(_)));
    assert!(find().await.is_err(), "the link works once");
    assert!(matches!(world.password("alice", PASSWORD).await, PasswordOutcome::Refused));
    assert!(matches!(world.password("alice", new).await, PasswordOutcome::Session(_)));
});

on_both!(asking_twice_keeps_the_link_that_was_mailed, async |database: &TestDatabase| {
    use claviger_app::stored::Purpose;
    let world = World::new(database).await;
    world.user("alice", None).await;
    for _ in 0..4 {
        world.app.forgot_password(Realm::User, "alice", &origin()).await.unwrap();
    }
    let mails = world.subjects("alice@acme.test").await;
    assert_eq!(mails.iter().filter(|kind| *kind == "password_reset").count(), 1);
    let link = world.link_mailed_to("alice@acme.test", "/reset-password/").await;
    let found = world.app.password_link(Realm::User, Purpose::PasswordReset, token_of(&link)).await;
    assert!(found.is_ok(), "the link is alive");
});

on_both!(a_new_password_makes_every_other_link_dead, async |database: &TestDatabase| {
    use claviger_app::stored::Purpose;
    let world = World::new(database).await;
    world.user("alice", None).await;
    world.app.forgot_password(Realm::User, "alice", &origin()).await.unwrap();
    let link = world.link_mailed_to("alice@acme.test", "/reset-password/").await;
    let me = world.signed_in(&world.session("alice").await).await;
    let current = Secret::from(PASSWORD);
    let wrong =
        world.app.change_own_password(&me, &Secret::from("wrong"), "another tide 77 fern").await.unwrap_err();
    assert_eq!(refused_fields(wrong), ["current_password"]);
    world.app.change_own_password(&me, &current, "another tide 77 fern").await.unwrap();
    assert!(world.app.password_link(Realm::User, Purpose::PasswordReset, token_of(&link)).await.is_err());
});

on_both!(text_with_a_nul_is_an_unknown_account_and_not_an_error, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    assert!(matches!(world.password("nobody\0", PASSWORD).await, PasswordOutcome::Refused));
    world.app.forgot_password(Realm::User, "no\0body", &origin()).await.unwrap();
});

on_both!(the_organization_says_how_many_wrong_codes_lock, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, secret) = world.enrolled("alice").await;
    let texts = [("lockout_per_sign_in", "2"), ("lockout_codes", "3"), ("lockout_minutes", "45")];
    let find = |name| texts.iter().find(|(field, _)| *field == name).map(|(_, text)| *text);
    let now = world.app.organization().await.unwrap();
    let settings = now.settings.changed(find, |_| true).unwrap();
    world.app.save_settings(&granted(), settings, None).await.unwrap();
    let wrong = Code::parse("code", "000000").unwrap();
    let session = world.session("alice").await;
    for n in 1..=2 {
        let Visit::Half(half) = world.visit(&session).await else { panic!("{n}") };
        let outcome = world.app.submit_code(&half, factor_of(&half), &wrong).await.unwrap();
        assert_eq!(matches!(outcome, CodeOutcome::StartAgain), n == 2, "{n}: {outcome:?}");
    }
    let half = world.half("alice").await;
    let _ = world.app.submit_code(&half, factor_of(&half), &wrong).await.unwrap();
    let half = world.half("alice").await;
    let locked = world.app.submit_code(&half, factor_of(&half), &world.code(&secret)).await.unwrap();
    let until = world.app.now().plus(Span::minutes(45));
    assert!(
        matches!(locked, CodeOutcome::Refused(Told::Locked { until: Some(at) }) if at == until),
        "{locked:?}"
    );
});

on_both!(a_first_password_is_given_once_and_must_be_changed, async |database: &TestDatabase| {
    use claviger_app::{Refusal, demand::Demand, users::Activation};
    let world = World::new(database).await;
    let user = person("bob");
    let staged =
        world.app.create_user(&granted(), &user, &Demand::NotRequired, Activation::Later).await.unwrap();
    let short = world.app.set_first_password(&granted(), staged.id, "short").await.unwrap_err();
    assert_eq!(refused_fields(short), ["password"]);
    world.app.set_first_password(&granted(), staged.id, PASSWORD).await.unwrap();
    world.app.activate_user(&granted(), staged.id).await.unwrap();
    assert_eq!(world.subjects("bob@acme.test").await, [""; 0], "there is nothing to register for");
    let half = world.half("bob").await;
    assert_eq!(half.next, Next::ChangePassword);
    let same = world.app.change_expired_password(&half, PASSWORD).await.unwrap_err();
    assert_eq!(refused_fields(same), ["password"]);
    let own = "a password of my own";
    let session = world.app.change_expired_password(&half, own).await.unwrap();
    assert!(matches!(world.visit(&session).await, Visit::Full(_)));
    let again = world.app.set_first_password(&granted(), staged.id, PASSWORD).await.unwrap_err();
    assert!(matches!(again, Refusal::State { code: "has_password", .. }), "{again:?}");
    assert!(matches!(world.password("bob", own).await, PasswordOutcome::Session(_)));
});
