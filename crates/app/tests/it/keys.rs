//! Keys for the API, and sessions that others end (S6.10, S4.8).

use crate::*;
use claviger_app::{
    Refusal,
    administrators::AdministratorForm,
    api_keys::{KeyForm, NewKey as Made, Standing},
    demand::Ticked,
    session::{SignedIn, Visit},
    sessions::Ended,
    sign_in::PasswordOutcome,
    stored::Purpose,
};
use claviger_domain::{
    account::Realm,
    id::AccountId,
    permission::{Actor, ManageAdministrators, Role, Who},
    secret::Secret,
    time::Span,
};
use claviger_store::{Batch, Commit, Statement, p};
use claviger_testing::{TestDatabase, on_both};

const HERE: &str = "192.0.2.7";

fn host() -> Actor {
    Actor { who: Who::Host, name: "test".into(), address: String::new() }
}

fn form(name: &str, role: &str, expires: &str, addresses: &str) -> KeyForm {
    KeyForm { name: name.into(), role: role.into(), expires: expires.into(), addresses: addresses.into() }
}

async fn nobody_needs_a_code(world: &World) {
    const FREE: &str = "UPDATE account SET requirement = 'not_required', requirement_at = NULL WHERE realm = 'administrator'";
    let freed = world.app.store().commit(Batch::of([Statement::new(FREE, p![])])).await.unwrap();
    assert_eq!(freed, Commit::Committed);
}

/// An administrator in the portal, without a factor.
async fn inside(world: &World, email: &str) -> SignedIn {
    nobody_needs_a_code(world).await;
    let password = Secret::from(PASSWORD);
    let outcome = world.app.submit_password(Realm::Administrator, email, &password, &origin()).await.unwrap();
    match outcome {
        PasswordOutcome::Session(session) => world.signed_in(&session).await,
        other => panic!("{email} could not sign in: {other:?}"),
    }
}

async fn administrator(world: &World, email: &str, role: Role) -> AccountId {
    let form =
        AdministratorForm { email: email.into(), role: role.key().into(), ..AdministratorForm::default() };
    let made = world.app.create_administrator(&granted(), &form, Ticked::No).await.unwrap();
    let found = world
        .app
        .password_link(Realm::Administrator, Purpose::Registration, token_of(&made.link))
        .await
        .unwrap();
    world.app.set_password(&found, PASSWORD, &origin()).await.unwrap();
    made.account.id
}

async fn works(world: &World, made: &Made) -> Option<Role> {
    let actor = world.app.api_actor(made.token.expose(), HERE).await.unwrap()?;
    match actor.who {
        Who::ApiKey { role, .. } => Some(role),
        other => panic!("{other:?}"),
    }
}

async fn logged(world: &World, action: &str) -> i64 {
    const SQL: &str = "SELECT COUNT(*) FROM audit WHERE action = $1";
    let counts: Vec<i64> = world.app.store().query(SQL, p![action]).await.unwrap();
    counts.into_iter().sum()
}

on_both!(a_key_is_shown_once_used_noted_and_revoked_at_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = inside(&world, "ada@acme.test").await;
    let asked = form("vpn", "help_desk", "90", "");
    let made = world.app.create_own_api_key(&ada, &asked).await.unwrap();
    assert!(made.token.expose().starts_with("clv_"));
    assert_eq!(works(&world, &made).await, Some(Role::HelpDesk));
    let list = async || world.app.api_keys(&ada.actor, None, 50).await.unwrap().keys;
    let listed = list().await;
    assert_eq!(
        (listed.len(), listed[0].key.name.as_str(), listed[0].email.as_str()),
        (1, "vpn", "ada@acme.test")
    );
    assert_eq!(listed[0].key.terms.expires_at, Some(START.plus(Span::days(90))));
    assert_eq!(listed[0].key.last_used, Some((START, HERE.to_owned())));
    assert!(!format!("{listed:?}").contains(made.token.expose()));
    let other_node = world.another_node(database).await;
    assert!(other_node.api_actor(made.token.expose(), HERE).await.unwrap().is_some());
    world.app.revoke_api_key(&ada.actor, made.key.key.id).await.unwrap();
    assert_eq!(works(&world, &made).await, None, "at once here");
    world.later(Span::seconds(5));
    assert!(other_node.api_actor(made.token.expose(), HERE).await.unwrap().is_none(), "soon there");
    let again = world.app.revoke_api_key(&ada.actor, made.key.key.id).await;
    assert!(matches!(again, Err(Refusal::NotFound(_))));
    assert!(list().await.is_empty());
    assert_eq!((logged(&world, "api_key.create").await, logged(&world, "api_key.revoke").await), (1, 1));
});

on_both!(a_use_is_noted_once_a_minute, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let made =
        world.app.create_api_key_of(&host(), "ada@acme.test", &form("vpn", "", "never", "")).await.unwrap();
    let ada = inside(&world, "ada@acme.test").await;
    let used = async || world.app.api_key(&ada.actor, made.key.key.id).await.unwrap().key.last_used;
    assert_eq!(used().await, None);
    for (later, address, at) in [
        (0, "10.0.0.1", 0),
        (30, "10.0.0.2", 0),
        (59, "10.0.0.3", 0),
        (65, "10.0.0.4", 65),
        (300, "10.0.0.5", 300),
    ] {
        let now = START.plus(Span::seconds(later));
        world.later(now.since(world.app.now()));
        assert!(world.app.api_actor(made.token.expose(), address).await.unwrap().is_some());
        assert_eq!(used().await.unwrap().0, START.plus(Span::seconds(at)), "after {later} s");
    }
    assert_eq!(used().await.unwrap().1, "10.0.0.5");
});

on_both!(a_key_dies_when_it_expires_and_works_from_its_addresses_only, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let asked = form("vpn", "read_only", "1", "203.0.113.0/24 2001:db8::1");
    let made = world.app.create_api_key_of(&host(), "ada@acme.test", &asked).await.unwrap();
    let from =
        async |address: &str| world.app.api_actor(made.token.expose(), address).await.unwrap().is_some();
    assert!(from("203.0.113.9").await && from("2001:db8::1").await);
    for _ in 0..5 {
        assert!(!from("198.51.100.1").await && !from("").await);
    }
    assert_eq!(logged(&world, "api_key.refused").await, 1, "not more than one a minute");
    world.later(Span::minutes(1));
    assert!(!from("198.51.100.1").await);
    assert_eq!(logged(&world, "api_key.refused").await, 2);
    world.later(Span::days(1));
    assert!(!from("203.0.113.9").await);
    let ada = inside(&world, "ada@acme.test").await;
    let owned = world.app.api_key(&ada.actor, made.key.key.id).await.unwrap();
    assert_eq!(Standing::of(&owned, world.app.now()), Standing::Expired);
    world.later(Span::days(91));
    world.app.work_once().await.unwrap();
    let ada = inside(&world, "ada@acme.test").await;
    assert!(world.app.api_keys(&ada.actor, None, 50).await.unwrap().keys.is_empty(), "forgotten in the end");
});

on_both!(a_key_is_lowered_and_dies_with_its_administrator, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let grace = administrator(&world, "grace@acme.test", Role::Manager).await;
    let make = async |name: &str, role: &str| {
        world.app.create_api_key_of(&host(), "grace@acme.test", &form(name, role, "never", "")).await
    };
    let (whole, runner) = (make("whole", "").await.unwrap(), make("runner", "command_runner").await.unwrap());
    assert_eq!(refused_fields(make("more", "administrator").await.unwrap_err()), ["role"]);
    assert_eq!(works(&world, &whole).await, Some(Role::Manager));
    let lowered = AdministratorForm {
        email: "grace@acme.test".into(),
        role: Role::HelpDesk.key().into(),
        ..AdministratorForm::default()
    };
    world.app.edit_administrator(&granted(), grace, &lowered, None).await.unwrap();
    assert_eq!(works(&world, &whole).await, Some(Role::HelpDesk));
    assert_eq!(works(&world, &runner).await, None, "nothing is left of it");
    world.app.suspend_administrator(&granted(), grace).await.unwrap();
    assert_eq!(works(&world, &whole).await, None);
    world.app.activate_administrator(&granted(), grace).await.unwrap();
    assert_eq!(works(&world, &whole).await, Some(Role::HelpDesk));
    world.app.delete_administrator(&granted(), grace).await.unwrap();
    assert_eq!(works(&world, &whole).await, None);
});

on_both!(a_key_makes_no_key_that_is_more_than_itself, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let asked = form("parent", "manager", "30", "192.0.2.0/24");
    let parent = world.app.create_api_key_of(&host(), "ada@acme.test", &asked).await.unwrap();
    let caller = world.app.api_caller(parent.token.expose(), HERE).await.unwrap().unwrap();
    let make = async |asked: &KeyForm| world.app.create_api_key_by_key(&caller, asked).await;
    let child = make(&form("child", "help_desk", "30", HERE)).await.unwrap();
    assert_eq!(works(&world, &child).await, Some(Role::HelpDesk));
    for (asked, fields) in [
        (form("x", "administrator", "30", HERE), vec!["role"]),
        (form("x", "manager", "31", HERE), vec!["expires"]),
        (form("x", "manager", "never", HERE), vec!["expires"]),
        (form("x", "manager", "30", ""), vec!["addresses"]),
        (form("x", "manager", "30", "192.0.0.0/16"), vec!["addresses"]),
        (form("", "x", "0", "x"), vec!["name", "role", "expires", "addresses"]),
        (form("x", "", "2020-01-01", HERE), vec!["expires"]),
        (form("x", "", "tomorrow", HERE), vec!["expires"]),
    ] {
        assert_eq!(refused_fields(make(&asked).await.unwrap_err()), fields, "{asked:?}");
    }
});

on_both!(keys_are_seen_by_their_owners_and_by_who_manages_administrators, async |database: &TestDatabase| {
    let world = World::new(database).await;
    administrator(&world, "grace@acme.test", Role::HelpDesk).await;
    administrator(&world, "alan@acme.test", Role::Administrator).await;
    let (ada, grace) = (inside(&world, "ada@acme.test").await, inside(&world, "grace@acme.test").await);
    let alan = inside(&world, "alan@acme.test").await;
    let own = |name| form(name, "", "30", "");
    let of_ada = world.app.create_own_api_key(&ada, &own("a")).await.unwrap().key.key.id;
    world.later(Span::seconds(1));
    let of_grace = world.app.create_own_api_key(&grace, &own("g")).await.unwrap().key.key.id;
    let seen = async |me: &SignedIn| -> Vec<String> {
        let found = world.app.api_keys(&me.actor, None, 50).await.unwrap();
        found.keys.into_iter().map(|owned| owned.key.name).collect()
    };
    assert_eq!(seen(&ada).await, ["g", "a"]);
    assert_eq!(seen(&grace).await, ["g"]);
    let first = world.app.api_keys(&alan.actor, None, 1).await.unwrap();
    assert!(first.has_older && first.keys[0].key.name == "g");
    let rest = world.app.api_keys(&alan.actor, Some(first.keys[0].key.id), 1).await.unwrap();
    assert!(!rest.has_older && rest.keys[0].key.name == "a");
    assert!(matches!(world.app.revoke_api_key(&grace.actor, of_ada).await, Err(Refusal::NotFound(_))));
    let beyond = world.app.revoke_api_key(&alan.actor, of_ada).await;
    assert!(matches!(beyond, Err(Refusal::State { .. })), "S6.3: {beyond:?}");
    world.app.revoke_api_key(&alan.actor, of_grace).await.unwrap();
    assert_eq!(seen(&ada).await, ["a"]);
});

on_both!(an_administrator_has_a_hundred_keys_at_most, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let make = async || world.app.create_api_key(&host(), "ada@acme.test", "x").await;
    for _ in 0..100 {
        make().await.unwrap();
    }
    assert!(matches!(make().await, Err(Refusal::State { code: "too_many_keys", .. })));
});

on_both!(sessions_of_a_user_are_listed_and_ended, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alice = world.user("alice", None).await;
    let (first, second) = (world.session("alice").await, world.session("alice").await);
    let open = async || world.app.user_sessions(&granted(), alice.id).await.unwrap().open;
    let before = open().await;
    assert!(before.len() >= 2);
    assert_eq!((before[0].address.as_str(), before[0].user_agent.as_str()), (HERE, "test"));
    let newest = world.signed_in(&second).await.session_id();
    assert_eq!(before[0].id, newest);
    world.app.end_user_sessions(&granted(), alice.id, Ended::One(newest)).await.unwrap();
    assert!(matches!(world.visit(&second).await, Visit::Stranger));
    assert!(matches!(world.visit(&first).await, Visit::Full(_)));
    let twice = world.app.end_user_sessions(&granted(), alice.id, Ended::One(newest)).await;
    assert!(matches!(twice, Err(Refusal::NotFound("session"))));
    world.app.end_user_sessions(&granted(), alice.id, Ended::All).await.unwrap();
    assert!(matches!(world.visit(&first).await, Visit::Stranger));
    assert!(open().await.is_empty());
    world.session("alice").await;
    assert_eq!(open().await.len(), 1);
    world.later(Span::hours(1));
    assert!(open().await.is_empty(), "idle too long");
    assert_eq!((logged(&world, "session.end").await, logged(&world, "session.end_all").await), (1, 1));
});

on_both!(only_who_manages_an_administrator_ends_their_sessions, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alan = administrator(&world, "alan@acme.test", Role::Administrator).await;
    let (ada, me) = (inside(&world, "ada@acme.test").await, inside(&world, "alan@acme.test").await);
    let by_alan = me.actor.granted::<ManageAdministrators>().unwrap();
    let by_ada = ada.actor.granted::<ManageAdministrators>().unwrap();
    let seen = world.app.administrator_sessions(&by_alan, ada.account.id).await.unwrap();
    assert!(seen.open.iter().any(|session| session.id == ada.session_id()));
    let beyond = world.app.end_administrator_sessions(&by_alan, ada.account.id, Ended::All).await;
    assert!(matches!(beyond, Err(Refusal::State { .. })), "S6.3: {beyond:?}");
    let one = Ended::One(me.session_id());
    world.app.end_administrator_sessions(&by_ada, alan, one).await.unwrap();
    world.app.end_administrator_sessions(&by_ada, alan, Ended::All).await.unwrap();
    assert!(world.app.administrator_sessions(&by_ada, alan).await.unwrap().open.is_empty());
    let user = world.user("alice", None).await;
    let no_administrator = world.app.end_administrator_sessions(&by_ada, user.id, Ended::All).await;
    assert!(matches!(no_administrator, Err(Refusal::NotFound("administrator"))));
});

on_both!(what_a_role_does_not_allow_is_logged_once_a_minute, async |database: &TestDatabase| {
    use claviger_domain::permission::Permission;
    let world = World::new(database).await;
    let ada = inside(&world, "ada@acme.test").await;
    for _ in 0..3 {
        for route in ["GET /admin/users", "GET /admin/usage"] {
            world.app.log_denied(&ada.actor, Permission::SeeUsage, route).await.unwrap();
        }
    }
    assert_eq!(logged(&world, "permission.denied").await, 2);
    world.later(Span::minutes(1));
    world.app.log_denied(&ada.actor, Permission::SeeUsage, "GET /admin/usage").await.unwrap();
    assert_eq!(logged(&world, "permission.denied").await, 3);
});
