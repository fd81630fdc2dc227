use crate::*;
use claviger_app::{
    Refusal,
    demand::Demand,
    users::{Activation, UserEdit},
};
use claviger_domain::{
    account::{Password, State},
    field::FieldError,
    mfa::{Requirement, RunningPeriod},
    permission::{Actor, Role, Who},
    sign_in::Proven,
    status::Status,
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};

on_both!(
    a_staged_users_period_starts_at_activation_and_stands_while_suspended,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let demand = Demand::Required(Ok(period(7)));
        let staged =
            world.app.create_user(&granted(), &person("alice"), &demand, Activation::Later).await.unwrap();
        assert_eq!(
            (staged.state, staged.mfa.requirement),
            (State::Staged, Requirement::Paused(Span::days(7)))
        );
        assert!(world.subjects("alice@acme.test").await.is_empty(), "a staged user gets no mail");
        world.later(Span::days(30));
        let active = world.app.activate_user(&granted(), staged.id).await.unwrap();
        let deadline = world.app.now().plus(Span::days(7));
        assert_eq!(active.mfa.requirement, Requirement::By(deadline));
        assert_eq!(world.subjects("alice@acme.test").await, ["registration", "mfa_required"]);
        world.later(Span::days(2));
        let suspended = world.app.suspend_user(&granted(), staged.id).await.unwrap();
        assert_eq!(suspended.mfa.requirement, Requirement::Paused(Span::days(5)));
        world.later(Span::days(100));
        let again = world.app.activate_user(&granted(), staged.id).await.unwrap();
        assert_eq!(again.mfa.requirement, Requirement::By(world.app.now().plus(Span::days(5))));
    }
);

on_both!(every_wrong_field_is_told_at_once_and_nothing_is_written, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    let mut bad = person("2bad");
    bad.email = "nonsense".into();
    let days = Demand::Required(Err(FieldError::new("enrollment_days", "Days must be between 1 and 365.")));
    let refused = world.app.create_user(&granted(), &bad, &days, Activation::Now).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["username", "email", "enrollment_days"]);
    let mut twin = person("ALICE");
    twin.email = "Alice@Acme.test".into();
    let refused =
        world.app.create_user(&granted(), &twin, &Demand::NotRequired, Activation::Now).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["email", "username"]);
    let counts = world.app.users_by_status().await.unwrap();
    assert_eq!(*counts, [("none".to_owned(), 1)]);
});

on_both!(an_edit_of_an_older_page_is_refused, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alice = world.user("alice", None).await;
    let edit = |name: &str| UserEdit {
        revision: Some(alice.revision),
        person: claviger_app::users::Person { display_name: name.into(), ..person("alice") },
        demand: Demand::Keep,
    };
    let first = world.app.edit_user(&granted(), alice.id, &edit("First")).await.unwrap();
    assert_eq!(first.revision, alice.revision + 1);
    assert!(matches!(
        world.app.edit_user(&granted(), alice.id, &edit("Second")).await,
        Err(Refusal::Changed)
    ));
    assert_eq!(world.account(alice.id).await.name.display, "First");
});

on_both!(extending_lets_a_locked_out_user_in_again, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alice = world.user("alice", Some(1)).await;
    world.later(Span::days(3));
    assert_eq!(world.account(alice.id).await.mfa.status(world.app.now()).key(), "expired");
    let extended = world.app.extend_period(&granted(), alice.id, days(3)).await.unwrap();
    let Status::Enrolling { left, .. } = extended.mfa.status(world.app.now()) else { panic!() };
    assert_eq!(left, Span::days(3));
    assert_eq!(world.subjects("alice@acme.test").await.last().unwrap(), "period_changed");
    world.half("alice").await;
});

on_both!(a_reset_forgets_the_factor_ends_sessions_and_starts_a_period, async |database: &TestDatabase| {
    use claviger_app::session::Visit;
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let inside = world.session("alice").await;
    let missing = world.app.reset_mfa(&granted(), alice.id, days(7), "  ").await.unwrap_err();
    assert_eq!(refused_fields(missing), ["reason"]);
    let after = world.app.reset_mfa(&granted(), alice.id, days(7), "lost phone").await.unwrap();
    assert_eq!(after.mfa.status(world.app.now()).key(), "enrolling");
    assert!(matches!(world.visit(&inside).await, Visit::Stranger));
    assert_eq!(world.subjects("alice@acme.test").await.last().unwrap(), "mfa_reset");
    let verified = world.app.verify(&granted(), alice.id, &world.code(&secret)).await.unwrap();
    assert_eq!(verified, claviger_app::verify::Verified::NotEnrolled);
    assert!(matches!(world.half("alice").await.next, claviger_domain::sign_in::Next::MayEnroll { .. }));
});

on_both!(who_resets_must_have_given_a_code_and_is_not_the_user, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, _) = world.enrolled("alice").await;
    let (ada, _) = world.enrolled("ada").await;
    let me = world
        .app
        .find_account(claviger_domain::account::Realm::Administrator, "ada@acme.test")
        .await
        .unwrap()
        .unwrap();
    let actor = |proven| {
        let proven_at = world.app.now();
        let who = Who::Administrator { id: me.id, role: Role::HelpDesk, proven, proven_at };
        Actor { who, name: "ada".into(), address: String::new() }
    };
    let bare = actor(Proven::Password).granted().unwrap();
    let refused = world.app.reset_mfa(&bare, alice.id, days(7), "because").await.unwrap_err();
    assert!(matches!(refused, Refusal::State { code: "mfa_needed", .. }), "{refused}");
    let proven = actor(Proven::Code).granted().unwrap();
    let refused = world.app.reset_mfa(&proven, ada.id, days(7), "because").await.unwrap_err();
    assert!(matches!(refused, Refusal::State { code: "own_account", .. }), "{refused}");
    assert!(world.app.reset_mfa(&proven, alice.id, days(7), "because").await.is_ok());
});

on_both!(while_totp_is_disabled_no_requirement_is_switched_on, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    world.set_up().await;
    let demand = Demand::Required(Ok(period(7)));
    let refused =
        world.app.create_user(&granted(), &person("alice"), &demand, Activation::Now).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["require_mfa"]);
    let alice = world.user("alice", None).await;
    let refused = world.app.require_mfa(&granted(), alice.id, period(7), RunningPeriod::Keep).await;
    assert!(matches!(refused, Err(Refusal::State { code: "totp_disabled", .. })));
    let refused = world.app.reset_mfa(&granted(), alice.id, days(7), "because").await;
    assert!(matches!(refused, Err(Refusal::State { code: "totp_disabled", .. })));
});

on_both!(a_forced_password_change_is_asked_for_on_the_way_in, async |database: &TestDatabase| {
    use claviger_domain::sign_in::Next;
    let world = World::new(database).await;
    let alice = world.user("alice", None).await;
    let after = world.app.force_password_change(&granted(), alice.id).await.unwrap();
    assert!(matches!(after.password, Password::Expired(_)));
    let half = world.half("alice").await;
    assert_eq!(half.next, Next::ChangePassword);
    for bad in ["short", PASSWORD, "passwordpassword"] {
        assert_eq!(
            refused_fields(world.app.change_expired_password(&half, bad).await.unwrap_err()),
            ["password"]
        );
    }
    let session = world.app.change_expired_password(&half, "another tide 77 fern").await.unwrap();
    assert_eq!(session.next, Next::Enter);
});

on_both!(a_deleted_user_is_gone_with_their_sessions_and_the_name_is_free, async |database: &TestDatabase| {
    use claviger_app::session::Visit;
    let world = World::new(database).await;
    let (alice, _) = world.enrolled("alice").await;
    let session = world.session("alice").await;
    world.app.delete_user(&granted(), alice.id).await.unwrap();
    assert!(matches!(world.visit(&session).await, Visit::Stranger));
    assert!(matches!(world.app.user(&granted(), alice.id).await, Err(Refusal::NotFound("user"))));
    world.user("alice", None).await;
});

on_both!(
    reactivating_someone_whose_period_has_ended_tells_them_nothing_untrue,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let alice = world.user("alice", Some(1)).await;
        world.later(Span::days(2));
        world.app.suspend_user(&granted(), alice.id).await.unwrap();
        let extended = world.app.extend_period(&granted(), alice.id, days(3)).await.unwrap();
        assert_eq!(extended.mfa.requirement, Requirement::Paused(Span::days(3)));
        let before = world.subjects("alice@acme.test").await;
        world.later(Span::days(9));
        let active = world.app.activate_user(&granted(), alice.id).await.unwrap();
        assert_eq!(active.mfa.requirement, Requirement::By(world.app.now().plus(Span::days(3))));
        assert_eq!(world.subjects("alice@acme.test").await.len(), before.len() + 1);
        world.later(Span::days(4));
        world.app.suspend_user(&granted(), alice.id).await.unwrap();
        let before = world.subjects("alice@acme.test").await;
        world.app.activate_user(&granted(), alice.id).await.unwrap();
        assert_eq!(world.subjects("alice@acme.test").await, before, "an ended period is not announced");
    }
);
