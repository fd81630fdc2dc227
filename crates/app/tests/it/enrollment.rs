use crate::*;
use claviger_app::{
    Refusal,
    enrollment::Enroller,
    session::Visit,
    verify::{Told, Verified},
};
use claviger_domain::{
    mfa::{Enrollment, Requirement},
    organization::CodesAtSetup,
    sign_in::{Next, TotpSwitch},
    time::Span,
    totp::Step,
};
use claviger_testing::{TestDatabase, on_both};

on_both!(the_first_code_enrolls_and_its_step_is_used_up, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alice = world.user("alice", Some(7)).await;
    let half = world.half("alice").await;
    assert!(matches!(half.next, Next::MayEnroll { .. }));
    world.later(Span::seconds(20));
    let (session, secret) = world.enroll(&Enroller::on_the_way(&half).unwrap()).await;
    assert_eq!(session.next, Next::Enter);
    let after = world.account(alice.id).await;
    assert!(matches!(after.mfa.enrollment, Enrollment::Enrolled(_)));
    assert_eq!(after.mfa.requirement, Requirement::AtOnce, "a period has done its work");
    let again = world.app.verify(&granted(), alice.id, &world.code(&secret)).await.unwrap();
    assert_eq!(again, Verified::Told(Told::AlreadyUsed));
    assert_eq!(world.subjects("alice@acme.test").await, ["registration", "mfa_required", "mfa_set_up"]);
});

on_both!(a_wrong_code_keeps_the_same_key, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    let who = Enroller::on_the_way(&world.half("alice").await).unwrap();
    world.app.start_enrollment(&who).await.unwrap();
    let before = world.shown(&who).await;
    for wrong in ["000000", "12345", "1234567", "abcdef", ""] {
        let refused = world.app.confirm_enrollment(&who, wrong, "").await.unwrap_err();
        assert_eq!(refused_fields(refused), ["code"], "{wrong}");
    }
    assert_eq!(world.shown(&who).await, before);
    assert!(world.app.confirm_enrollment(&who, &world.code_now(&before), "").await.is_ok());
});

on_both!(a_second_wizard_makes_the_first_ones_key_worthless, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    let first = Enroller::on_the_way(&world.half("alice").await).unwrap();
    let second = Enroller::on_the_way(&world.half("alice").await).unwrap();
    world.app.start_enrollment(&first).await.unwrap();
    let old = world.shown(&first).await;
    world.app.start_enrollment(&second).await.unwrap();
    let refused = world.app.confirm_enrollment(&first, &world.code_now(&old), "").await.unwrap_err();
    assert!(matches!(refused, Refusal::NotFound(_)), "{refused}");
    let refused = world.app.confirm_enrollment(&second, &world.code_now(&old), "").await.unwrap_err();
    assert_eq!(refused_fields(refused), ["code"]);
    let new = world.shown(&second).await;
    assert!(world.app.confirm_enrollment(&second, &world.code_now(&new), "").await.is_ok());
});

on_both!(two_codes_are_consecutive_where_the_organization_asks_for_two, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let organization = world.app.organization().await.unwrap();
    let mut settings = organization.settings.clone();
    settings.codes_at_setup = CodesAtSetup::Two;
    world.app.save_settings(&granted(), settings, None).await.unwrap();
    world.user("alice", Some(7)).await;
    let who = Enroller::on_the_way(&world.half("alice").await).unwrap();
    world.app.start_enrollment(&who).await.unwrap();
    let secret = world.shown(&who).await;
    let code = |offset| format!("{:06}", secret.code(Step(Step::at(world.app.now()).0 + offset)));
    for (first, second) in
        [(code(0), String::new()), (code(0), code(0)), (code(-1), code(1)), (code(1), code(0))]
    {
        let refused = world.app.confirm_enrollment(&who, &first, &second).await.unwrap_err();
        assert_eq!(refused_fields(refused), ["code_2"]);
    }
    assert!(world.app.confirm_enrollment(&who, &code(-1), &code(0)).await.is_ok());
});

on_both!(a_prompt_can_be_put_off_until_the_deadline_and_not_after, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(2)).await;
    let half = world.half("alice").await;
    let inside = world.app.put_off(&half).await.unwrap();
    assert!(matches!(world.visit(&inside).await, Visit::Full(_)));
    world.later(Span::minutes(30));
    world.later(Span::days(2));
    let outcome = world.password("alice", PASSWORD).await;
    assert!(matches!(outcome, claviger_app::sign_in::PasswordOutcome::LockedOut { .. }), "{outcome:?}");
});

on_both!(a_deadline_that_passes_locks_out_a_running_session, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(1)).await;
    world.later(Span::from_micros(Span::days(1).micros() - Span::minutes(10).micros()));
    let inside = world.app.put_off(&world.half("alice").await).await.unwrap();
    assert!(matches!(world.visit(&inside).await, Visit::Full(_)));
    world.later(Span::minutes(10));
    let Visit::Half(half) = world.visit(&inside).await else { panic!("still in") };
    assert!(matches!(half.next, Next::LockedOut { .. }));
});

on_both!(required_at_once_cannot_be_put_off, async |database: &TestDatabase| {
    use claviger_domain::mfa::{Period, RunningPeriod};
    let world = World::new(database).await;
    let alice = world.user("alice", None).await;
    world.app.require_mfa(&granted(), alice.id, Period::None, RunningPeriod::Keep).await.unwrap();
    let half = world.half("alice").await;
    assert_eq!(half.next, Next::MustEnroll);
    assert!(world.app.put_off(&half).await.is_err());
});

on_both!(while_totp_is_disabled_nobody_enrolls_and_nothing_is_enforced, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, _) = world.enrolled("alice").await;
    world.user("bob", Some(1)).await;
    let who = Enroller::on_the_way(&world.half("bob").await).unwrap();
    assert_eq!(
        refused_fields(world.app.disable_totp(&granted(), "acme").await.unwrap_err()),
        ["organization"]
    );
    world.app.disable_totp(&granted(), "Acme").await.unwrap();
    assert!(matches!(
        world.app.start_enrollment(&who).await,
        Err(Refusal::State { code: "totp_disabled", .. })
    ));
    assert_eq!(world.session("alice").await.next, Next::Enter);
    world.later(Span::days(2));
    assert_eq!(world.session("bob").await.next, Next::Enter);
    assert_eq!(world.subjects("ada@acme.test").await.last().unwrap(), "totp_disabled");
    world.app.switch_totp(&granted(), TotpSwitch::Enabled).await.unwrap();
    assert!(matches!(world.session("alice").await.next, Next::Code(_)));
    assert!(matches!(
        world.password("bob", PASSWORD).await,
        claviger_app::sign_in::PasswordOutcome::LockedOut { .. }
    ));
});

on_both!(the_uri_is_what_every_app_takes, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let organization = world.app.organization().await.unwrap();
    let mut settings = organization.settings.clone();
    settings.name = "Acme: Tools & Sons".into();
    world.app.save_settings(&granted(), settings, None).await.unwrap();
    world.user("alice", Some(7)).await;
    let who = Enroller::on_the_way(&world.half("alice").await).unwrap();
    world.app.start_enrollment(&who).await.unwrap();
    let shown = world.app.show_enrollment(&who).await.unwrap();
    let key = shown.key.expose();
    assert_eq!(key.len(), 32);
    let issuer = "Acme%20%20Tools%20%26%20Sons";
    assert_eq!(
        *shown.uri.expose(),
        format!("otpauth://totp/{issuer}:alice@acme.test?secret={key}&issuer={issuer}")
    );
});
