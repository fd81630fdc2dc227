//! A change reaches a device that waits, whichever server it was made at (S8.5).

use crate::*;
use agent::*;
use claviger_app::{App, devices::News};
use claviger_domain::sign_in::TotpSwitch;
use claviger_testing::{TestDatabase, on_both};
use claviger_wire::server::{Access, Codes, State};
use std::{pin::Pin, time::Duration};
use tokio::sync::watch;

/// S8.5: within 2 seconds.
const SOON: Duration = Duration::from_secs(2);

/// A server at work, until it is dropped.
struct Running(watch::Sender<bool>);

fn running(app: &App) -> Running {
    let (stop, stopping) = watch::channel(false);
    let app = app.clone();
    tokio::spawn(async move { Box::pin(app.run_schedule(stopping)).await });
    Running(stop)
}

/// What somebody does meanwhile.
type Change<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Waits for news while `change` is made.
async fn told_of(world: &World, agent: &mut Agent, change: Change<'_>) -> State {
    let calling = world.calling(agent).await;
    let (app, since) = (world.app.clone(), agent.revision);
    let waiting = tokio::spawn(async move { app.await_state(&calling, since).await.unwrap() });
    while world.app.waiting_devices() == 0 {
        tokio::task::yield_now().await;
    }
    // It has looked once, and waits.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished(), "there was something new before");
    change.await;
    let news = tokio::time::timeout(SOON, waiting).await.unwrap().unwrap();
    match news {
        News::State(state) => agent.take(&state),
        other => panic!("{other:?}"),
    }
}

on_both!(a_change_reaches_a_device_that_waits_within_two_seconds, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    let _running = (running(&world.app), running(&other));
    let (alice, _) = world.enrolled("alice").await;
    let mut agent = world.asking(1).await;
    world.state(&mut agent).await;
    for app in [&world.app, &other] {
        let of = (agent.id, alice.id);
        let bound = told_of(
            &world,
            &mut agent,
            Box::pin(async {
                app.bind_user(&granted(), of, claviger_domain::device::Sudo::None).await.unwrap();
            }),
        );
        assert_eq!(bound.await.users[0].access, Access::Open);
        let suspended = told_of(
            &world,
            &mut agent,
            Box::pin(async {
                app.suspend_user(&granted(), alice.id).await.unwrap();
            }),
        );
        assert_eq!(suspended.await.users[0].access, Access::Locked);
        let again = told_of(
            &world,
            &mut agent,
            Box::pin(async {
                app.activate_user(&granted(), alice.id).await.unwrap();
            }),
        );
        assert_eq!(again.await.users[0].access, Access::Open);
        let paused = told_of(
            &world,
            &mut agent,
            Box::pin(async {
                app.switch_totp(&granted(), TotpSwitch::Disabled).await.unwrap();
            }),
        );
        assert_eq!(paused.await.codes, Codes::NotAsked);
        let back = told_of(
            &world,
            &mut agent,
            Box::pin(async {
                app.switch_totp(&granted(), TotpSwitch::Enabled).await.unwrap();
            }),
        );
        assert_eq!(back.await.codes, Codes::Asked);
        let unbound = told_of(
            &world,
            &mut agent,
            Box::pin(async {
                app.unbind_user(&granted(), of).await.unwrap();
            }),
        );
        assert_eq!(unbound.await.users[0].access, Access::Locked);
    }
    let of = (agent.id, alice.id);
    world.app.bind_user(&granted(), of, claviger_domain::device::Sudo::None).await.unwrap();
    assert!(world.state(&mut agent).await.users[0].factor.is_some());
    let reset = told_of(
        &world,
        &mut agent,
        Box::pin(async {
            other.reset_mfa(&granted(), alice.id, days(7), "lost").await.unwrap();
        }),
    );
    assert_eq!(reset.await.users[0].factor, None);
    let off = told_of(
        &world,
        &mut agent,
        Box::pin(async {
            other.disable_device_mfa(&granted(), of.0).await.unwrap();
        }),
    );
    assert_eq!(off.await.codes, Codes::NotAsked);
    let deleted = told_of(
        &world,
        &mut agent,
        Box::pin(async {
            other.delete_user(&granted(), alice.id).await.unwrap();
        }),
    );
    assert_eq!(deleted.await.users[0].access, Access::Locked);
});

on_both!(
    a_device_that_waits_hears_of_its_deletion_and_of_the_end_of_its_server,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let running = running(&world.app);
        let (mut one, mut two) = (world.device(1).await, world.device(2).await);
        let mut waiting = Vec::new();
        for agent in [&mut one, &mut two] {
            world.state(agent).await;
            let (app, calling, since) = (world.app.clone(), world.calling(agent).await, agent.revision);
            waiting.push(tokio::spawn(async move { app.await_state(&calling, since).await.unwrap() }));
        }
        while world.app.waiting_devices() < 2 {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.app.delete_device(&granted(), one.id).await.unwrap();
        let first = tokio::time::timeout(SOON, waiting.remove(0)).await.unwrap().unwrap();
        assert!(matches!(first, News::Gone), "{first:?}");
        running.0.send(true).unwrap();
        let second = tokio::time::timeout(SOON, waiting.remove(0)).await.unwrap().unwrap();
        assert!(matches!(second, News::Same), "{second:?}");
        assert_eq!(world.app.waiting_devices(), 0);
        // From now on nobody waits here.
        let calling = world.calling(&two).await;
        let at_once =
            tokio::time::timeout(SOON, world.app.await_state(&calling, two.revision)).await.unwrap();
        assert!(matches!(at_once.unwrap(), News::Same));
    }
);

on_both!(who_signs_in_wakes_nobody, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let _running = running(&world.app);
    let (alice, secret) = world.enrolled("alice").await;
    let mut agent = world.asking(1).await;
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    let calling = world.calling(&agent).await;
    let code = world.code_now(&secret);
    let held = Box::pin(world.app.await_state(&calling, agent.revision));
    let used = Box::pin(async {
        assert_eq!(
            world.code_at(&agent, alice.id, &code).await,
            claviger_wire::server::CodeVerdict::Accepted
        );
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    let changed = async {
        tokio::select! { news = held => Some(news), () = used => None }
    };
    assert!(tokio::time::timeout(SOON, changed).await.is_err(), "a learned clock is no news");
});
