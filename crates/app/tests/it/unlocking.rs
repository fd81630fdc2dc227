//! Who unlocks an administrator, and what an API key may do to resets and to other keys (S4.19, S6.3, S6.8, S6.10).

use crate::{
    identity::{Known, code_of, managing},
    sign_in::factor_of,
    *,
};
use claviger_app::{
    App, Refusal, api_keys::KeyForm, demand::Ticked, reset_approval::AdministratorReset,
    sign_in::CodeOutcome, verify::Told,
};
use claviger_domain::{
    account::Realm,
    id::AccountId,
    mfa_reset::ResetApproval,
    permission::{Actor, Granted, ManageAdministrators, Role, Who},
    time::Span,
    totp::Code,
};
use claviger_testing::{TestDatabase, on_both};

const ADA: &str = "ada@acme.test";
const BEA: &str = "bea@acme.test";
const CAT: &str = "cat@acme.test";

fn host() -> Actor {
    Actor { who: Who::Host, name: "test".into(), address: String::new() }
}

async fn id_of(world: &World, email: &str) -> AccountId {
    world.app.find_account(Realm::Administrator, email).await.unwrap().unwrap().id
}

/// Ten wrong codes.
async fn lock(world: &World, email: &str) {
    let wrong = Code::parse("code", "000000").unwrap();
    for _ in 0..10 {
        let half = world.half_admin(email).await;
        let _ = world.app.submit_code(&half, factor_of(&half), &wrong).await.unwrap();
    }
}

async fn is_locked(world: &World, email: &str, known: &Known) -> bool {
    world.later(Span::seconds(60));
    let half = world.half_admin(email).await;
    let told = world.app.submit_code(&half, factor_of(&half), &world.code(&known.secret)).await.unwrap();
    match told {
        CodeOutcome::Refused(Told::Locked { .. }) => true,
        CodeOutcome::Session(_) => false,
        other => panic!("{email}: {other:?}"),
    }
}

on_both!(an_administrator_is_unlocked_by_whoever_may_change_their_mfa, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = world.ada().await;
    let bea = world.another_admin(BEA, Role::AdministratorWithBilling).await;
    let cat = world.another_admin(CAT, Role::Administrator).await;
    let (billing, plain) = (world.admin_in(&ada).await, world.admin_in(&cat).await);
    let (of_bea, of_cat) = (id_of(&world, BEA).await, id_of(&world, CAT).await);
    lock(&world, BEA).await;
    assert!(is_locked(&world, BEA, &bea).await);
    let unlock = async |me, id| world.app.unlock_administrator(&managing(me), id).await;
    assert_eq!(code_of(unlock(&plain, of_bea).await), "beyond_reach");
    assert_eq!(code_of(unlock(&plain, of_cat).await), "own_account");
    assert!(is_locked(&world, BEA, &bea).await, "nothing was changed");
    unlock(&billing, of_bea).await.unwrap();
    assert!(!is_locked(&world, BEA, &bea).await);
    let log = world.app.activity(&granted(), &of_bea.to_string(), 50).await.unwrap();
    let entry = log.iter().find(|entry| entry.action == "administrator.unlock").unwrap();
    assert_eq!((entry.actor_name.as_str(), entry.outcome.as_str()), (ADA, "success"));
    world.later(Span::minutes(11));
    assert_eq!(code_of(unlock(&billing, of_bea).await), "not_fresh");
    let form = administrator_form("dan@acme.test", Role::Manager);
    let dan = world.app.create_administrator(&granted(), &form, Ticked::Yes).await.unwrap().account;
    assert_eq!(code_of(world.app.unlock_administrator(&granted(), dan.id).await), "not_enrolled");
    let user = world.user("alice", None).await;
    assert_eq!(code_of(world.app.unlock_administrator(&granted(), user.id).await), "not_found");
    lock(&world, BEA).await;
    world.app.unlock_administrator(&host().granted().unwrap(), of_bea).await.unwrap();
    assert!(!is_locked(&world, BEA, &bea).await, "on the server's host, too");
});

/// What a key of that administrator, with their role, may ask for.
async fn by_key(app: &App, email: &str) -> Granted<ManageAdministrators> {
    let form = KeyForm { name: "key".into(), expires: "never".into(), ..KeyForm::default() };
    let made = app.create_api_key_of(&host(), email, &form).await.unwrap();
    app.api_actor(made.token.expose(), "192.0.2.7").await.unwrap().unwrap().granted().unwrap()
}

on_both!(a_key_stands_for_its_administrator_and_for_no_second_one, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.ada().await;
    world.another_admin(BEA, Role::Manager).await;
    let cat = world.another_admin(CAT, Role::AdministratorWithBilling).await;
    let mut settings = world.app.organization().await.unwrap().settings.clone();
    settings.reset_approval = ResetApproval::On;
    world.app.save_settings(&granted(), settings, None).await.unwrap();
    let id = id_of(&world, BEA).await;
    let (of_ada, of_cat) = (by_key(&world.app, ADA).await, by_key(&world.app, CAT).await);
    let ask = async |by: &Granted<ManageAdministrators>| match world.app.reset_or_ask(by, id, "x").await {
        Ok(AdministratorReset::Asked(reset)) => reset.id,
        other => panic!("{other:?}"),
    };
    let asked = ask(&of_ada).await;
    assert_eq!(code_of(world.app.reset_or_ask(&of_cat, id, "y").await), "reset_waits");
    assert_eq!(code_of(world.app.approve_reset(&of_ada, asked).await), "own_request");
    let me = world.admin_in(&cat).await;
    let shown = world.app.reset_that_waits(&of_cat, asked).await.unwrap();
    assert_eq!((shown.account.id, shown.approval), (id, Ok(())));
    world.app.cancel_reset(&managing(&me), asked).await.unwrap();
    assert_eq!(code_of(world.app.reset_that_waits(&of_cat, asked).await.map(drop)), "not_found");
    assert_eq!(mailed(&world, ADA).await, 1, "who asked is told that it was refused");
    let taken_back = ask(&of_ada).await;
    world.app.cancel_reset(&of_ada, taken_back).await.unwrap();
    assert_eq!(mailed(&world, ADA).await, 1, "and knows what they took back themselves");
    let approved = ask(&of_ada).await;
    world.app.approve_reset(&of_cat, approved).await.unwrap();
    assert_eq!(code_of(world.app.approve_reset(&of_cat, approved).await), "reset_over");
});

async fn mailed(world: &World, email: &str) -> usize {
    world.subjects(email).await.iter().filter(|kind| *kind == "mfa_reset_canceled").count()
}

on_both!(a_request_that_is_refused_leaves_the_persons_own_link_alone, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.ada().await;
    world.another_admin(BEA, Role::Manager).await;
    let mut settings = world.app.organization().await.unwrap().settings.clone();
    settings.reset_approval = ResetApproval::On;
    world.app.save_settings(&granted(), settings, None).await.unwrap();
    let link = world.reset_link_of(BEA).await;
    let of_ada = by_key(&world.app, ADA).await;
    let id = id_of(&world, BEA).await;
    let Ok(AdministratorReset::Asked(reset)) = world.app.reset_or_ask(&of_ada, id, "x").await else {
        panic!()
    };
    world.app.cancel_reset(&of_ada, reset.id).await.unwrap();
    assert_eq!(world.app.reset_link(&link).await.unwrap().account.id, id);
});

on_both!(a_key_revokes_no_key_that_can_do_more, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.ada().await;
    let make = async |role: &str| {
        let form =
            KeyForm { name: role.into(), role: role.into(), expires: "never".into(), ..KeyForm::default() };
        let made = world.app.create_api_key_of(&host(), ADA, &form).await.unwrap();
        let actor = world.app.api_actor(made.token.expose(), "192.0.2.7").await.unwrap().unwrap();
        (actor, made.key.key.id)
    };
    let (manager, of_manager) = make("manager").await;
    let (reader, of_reader) = make("read_only").await;
    assert_eq!(code_of(world.app.revoke_api_key(&reader, of_manager).await), "above_own_role");
    world.app.revoke_api_key(&manager, of_reader).await.unwrap();
    world.app.revoke_api_key(&manager, of_manager).await.unwrap();
});

on_both!(of_many_who_make_keys_at_once_nobody_gets_more_than_the_last, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    for _ in 0..98 {
        world.app.create_api_key(&host(), ADA, "x").await.unwrap();
    }
    let made = futures_util::future::join_all((0..6).map(|n| {
        let app = if n % 2 == 0 { &world.app } else { &other };
        async move { app.create_api_key(&host(), ADA, "y").await }
    }));
    let made = made.await;
    assert!(made.iter().all(|made| matches!(made, Ok(_) | Err(Refusal::Changed | Refusal::State { .. }))));
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 2, "{made:?}");
});

on_both!(a_key_that_does_not_work_is_not_noted_as_used, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let form = KeyForm { name: "k".into(), expires: "1".into(), ..KeyForm::default() };
    let made = world.app.create_api_key_of(&host(), ADA, &form).await.unwrap();
    world.later(Span::days(2));
    assert!(world.app.api_actor(made.token.expose(), "192.0.2.7").await.unwrap().is_none());
    let listed = world.app.api_keys(&host_with_an_account(&world).await, None, 50).await.unwrap().keys;
    assert_eq!(listed[0].key.last_used, None);
});

async fn host_with_an_account(world: &World) -> Actor {
    let who = Who::ApiKey { owner: id_of(world, ADA).await, role: Role::AdministratorWithBilling };
    Actor { who, name: "test".into(), address: String::new() }
}
