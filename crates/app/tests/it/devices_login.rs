//! Somebody signs in at a device, with the server and without it (S4.17, S4.19, S8.5).

use crate::*;
use agent::*;
use claviger_app::{
    Refusal,
    sign_in::PasswordOutcome,
    verify::{Told, Verified},
};
use claviger_domain::{
    account::{Account, State},
    id::{AccountId, FactorId},
    mfa::Enrollment,
    secret::Secret,
    sign_in::TotpSwitch,
    time::{Span, Timestamp},
    totp::{Around, Code, Drift, Match, Step, TotpSecret, Window},
    verifier::{DeviceKey, VERIFIER_BYTES, Verifier},
};
use claviger_testing::{TestDatabase, on_both};
use claviger_wire::server::{CodeVerdict, PasswordAttempt, PasswordVerdict, Verifiers, What};
use data_encoding::BASE64URL_NOPAD;

fn factor(account: &Account) -> FactorId {
    match account.mfa.enrollment {
        Enrollment::Enrolled(id) => id,
        Enrollment::NotEnrolled => panic!("{account:?}"),
    }
}

async fn verifiers(world: &World, agent: &Agent, account: &Account, from: i64) -> Result<Verifiers, Refusal> {
    let of = (account.id, factor(account));
    world.app.device_verifiers(&world.calling(agent).await, of, Step(from)).await
}

fn code_of(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::State { code, .. } => code,
        Refusal::NotFound(what) => what,
        other => panic!("{other}"),
    }
}

async fn password(world: &World, agent: &Agent, user: AccountId, password: &str) -> PasswordVerdict {
    let attempt = PasswordAttempt { user, password: String::new(), place: place() };
    let calling = world.calling(agent).await;
    world.app.device_password(&calling, &attempt, &Secret::from(password)).await.unwrap()
}

/// The account with the given words for what stands in the code's place of a portal.
async fn portal_code(world: &World, user: AccountId, secret: &TotpSecret) -> Told {
    match world.app.verify(&granted(), user, &world.code(secret)).await.unwrap() {
        Verified::Told(told) => told,
        Verified::NotEnrolled => panic!("not enrolled"),
    }
}

fn found(verifiers: &Verifiers, code: &Code, now: Timestamp) -> Match {
    let key: [u8; 32] = BASE64URL_NOPAD.decode(verifiers.key.as_bytes()).unwrap().try_into().unwrap();
    let bytes = BASE64URL_NOPAD.decode(verifiers.verifiers.as_bytes()).unwrap();
    let around = Around { now, window: Window::Tolerant, drift: Drift::default() };
    DeviceKey::new(key).matching(code, around, Step(verifiers.last_step), |step| {
        let at = usize::try_from(step.0 - verifiers.first).ok()? * VERIFIER_BYTES;
        bytes.get(at..at + VERIFIER_BYTES).map(|bytes| Verifier::try_from(bytes).unwrap())
    })
}

on_both!(verifiers_know_the_codes_of_the_window_and_nothing_else, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let agent = world.asking(1).await;
    world.bind(&agent, alice.id).await;
    let sent = verifiers(&world, &agent, &alice, 0).await.unwrap();
    for day in [0, 1, 15, 29] {
        let then = world.app.now().plus(Span::days(day));
        let typed = Code::parse("code", &format!("{:06}", secret.code(Step::at(then)))).unwrap();
        assert_eq!(found(&sent, &typed, then), Match::Fresh(Step::at(then)), "day {day}");
        assert_eq!(found(&sent, &typed, then.plus(Span::days(31))), Match::None);
    }
    let everything = BASE64URL_NOPAD.decode(sent.verifiers.as_bytes()).unwrap();
    let everything = [BASE64URL_NOPAD.decode(sent.key.as_bytes()).unwrap(), everything].concat();
    assert!(!everything.windows(20).any(|bytes| bytes == secret.expose()), "S8.6");
    // Only what is missing is sent.
    let end = sent.first + (sent.verifiers.len() as i64 * 3 / 4) / 8;
    let more = verifiers(&world, &agent, &alice, end - 10).await.unwrap();
    assert_eq!((more.first, more.key.as_str()), (end - 10, sent.key.as_str()));
    assert_eq!(BASE64URL_NOPAD.decode(more.verifiers.as_bytes()).unwrap().len(), 80);
    assert_eq!(verifiers(&world, &agent, &alice, end).await.unwrap().verifiers, "");
    // Another device has another key.
    let other = world.asking(2).await;
    world.bind(&other, alice.id).await;
    assert_ne!(verifiers(&world, &other, &alice, 0).await.unwrap().key, sent.key);
});

on_both!(verifiers_are_for_those_alone_who_may_sign_in_there, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, _) = world.enrolled("alice").await;
    let mut agent = world.asking(1).await;
    let refused = async |agent: &Agent| code_of(verifiers(&world, agent, &alice, 0).await.unwrap_err());
    assert_eq!(refused(&agent).await, "user");
    world.bind(&agent, alice.id).await;
    assert!(verifiers(&world, &agent, &alice, 0).await.is_ok());
    let quiet = world.device(2).await;
    world.bind(&quiet, alice.id).await;
    assert_eq!(refused(&quiet).await, "not_asked");
    let calling = world.calling(&agent).await;
    let another = (alice.id, FactorId::new(START, [5; 10]));
    let wrong = world.app.device_verifiers(&calling, another, Step(0)).await.unwrap_err();
    assert_eq!(code_of(wrong), "not_enrolled");
    world.app.suspend_user(&granted(), alice.id).await.unwrap();
    assert_eq!(refused(&agent).await, "not_enrolled");
    world.app.activate_user(&granted(), alice.id).await.unwrap();
    world.app.switch_totp(&granted(), TotpSwitch::Disabled).await.unwrap();
    assert_eq!(refused(&agent).await, "not_asked");
    world.app.switch_totp(&granted(), TotpSwitch::Enabled).await.unwrap();
    // The device was told of her, and is to lock her account.
    world.state(&mut agent).await;
    world.unbind(&agent, alice.id).await;
    assert_eq!(refused(&agent).await, "user");
});

on_both!(a_code_is_accepted_once_at_the_portal_and_at_devices, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let (one, two) = (world.asking(1).await, world.asking(2).await);
    world.bind(&one, alice.id).await;
    world.bind(&two, alice.id).await;
    let code = world.code_now(&secret);
    assert_eq!(world.code_at(&one, alice.id, &code).await, CodeVerdict::Accepted);
    assert_eq!(world.code_at(&two, alice.id, &code).await, CodeVerdict::AlreadyUsed);
    assert_eq!(portal_code(&world, alice.id, &secret).await, Told::AlreadyUsed);
    world.later(Span::seconds(30));
    assert_eq!(portal_code(&world, alice.id, &secret).await, Told::Accepted);
    let code = world.code_now(&secret);
    assert_eq!(world.code_at(&one, alice.id, &code).await, CodeVerdict::AlreadyUsed);
    assert_eq!(
        world.logged_as("device.code").await,
        ["device already_used", "device already_used", "device success"]
    );
    let details = world.details_of("device.code").await;
    assert_eq!((&details[0]["service"], &details[0]["from"]), (&"sshd".into(), &FROM.into()));
});

on_both!(wrong_codes_count_wherever_they_are_typed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let agent = world.asking(1).await;
    world.bind(&agent, alice.id).await;
    let wrong = format!("{:06}", (secret.code(Step::at(world.app.now())) + 1) % 1_000_000);
    for _ in 0..5 {
        assert_eq!(world.code_at(&agent, alice.id, &wrong).await, CodeVerdict::Wrong);
        let code = Code::parse("code", &wrong).unwrap();
        let told = world.app.verify(&granted(), alice.id, &code).await.unwrap();
        assert_eq!(told, Verified::Told(Told::Wrong));
    }
    let until = world.app.now().plus(Span::minutes(15));
    let code = world.code_now(&secret);
    assert_eq!(world.code_at(&agent, alice.id, &code).await, CodeVerdict::Locked { until: Some(until.0) });
    assert_eq!(portal_code(&world, alice.id, &secret).await, Told::Locked { until: Some(until) });
    // What has not six digits is no guess.
    assert_eq!(world.code_at(&agent, alice.id, "12345").await, CodeVerdict::Wrong);
});

on_both!(nobody_gets_in_at_a_device_who_is_not_bound_or_may_not_sign_in, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let agent = world.asking(1).await;
    let code = world.code_now(&secret);
    assert_eq!(world.code_at(&agent, alice.id, &code).await, CodeVerdict::Wrong);
    assert_eq!(password(&world, &agent, alice.id, PASSWORD).await, PasswordVerdict::Wrong);
    world.bind(&agent, alice.id).await;
    world.app.suspend_user(&granted(), alice.id).await.unwrap();
    assert_eq!(world.code_at(&agent, alice.id, &code).await, CodeVerdict::Wrong);
    assert_eq!(password(&world, &agent, alice.id, PASSWORD).await, PasswordVerdict::Wrong);
    world.app.activate_user(&granted(), alice.id).await.unwrap();
    assert_eq!(password(&world, &agent, alice.id, PASSWORD).await, PasswordVerdict::Right);
    assert_eq!(world.code_at(&agent, alice.id, &code).await, CodeVerdict::Accepted);
    assert_eq!(world.account(alice.id).await.state, State::Activated);
    assert_eq!(world.logged_as("device.code").await, ["device barred", "device barred", "device success"]);
    assert_eq!(
        world.logged_as("device.password").await,
        ["device barred", "device refused", "device success"]
    );
    let bob = world.user("bob", None).await;
    world.bind(&agent, bob.id).await;
    assert_eq!(world.code_at(&agent, bob.id, "123456").await, CodeVerdict::NotEnrolled);
});

on_both!(
    wrong_passwords_are_delayed_and_a_device_delays_nobody_elsewhere,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let alice = world.user("alice", None).await;
        let (one, two) = (world.device(1).await, world.device(2).await);
        world.bind(&one, alice.id).await;
        world.bind(&two, alice.id).await;
        for _ in 0..5 {
            assert_eq!(password(&world, &one, alice.id, "not this one").await, PasswordVerdict::Wrong);
        }
        let wait = password(&world, &one, alice.id, PASSWORD).await;
        assert!(matches!(wait, PasswordVerdict::Wait { seconds: 1.. }), "{wait:?}");
        assert_eq!(password(&world, &two, alice.id, PASSWORD).await, PasswordVerdict::Right);
        assert!(matches!(world.password("alice", PASSWORD).await, PasswordOutcome::Session(_)));
        world.later(Span::minutes(5));
        assert_eq!(password(&world, &one, alice.id, PASSWORD).await, PasswordVerdict::Right);
        assert_eq!(
            world.logged_as("device.password").await.iter().filter(|line| *line == "device delayed").count(),
            1
        );
        // S3.4: who must change it first does so in the portal.
        world.app.force_password_change(&granted(), alice.id).await.unwrap();
        assert_eq!(password(&world, &one, alice.id, PASSWORD).await, PasswordVerdict::Wrong);
    }
);

on_both!(what_happened_without_the_server_is_taken_up_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let mut agent = world.asking(1).await;
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    let (now, step) = (world.app.now(), Step::at(world.app.now()).0);
    let of = factor(&alice);
    let events = vec![
        event(1, alice.id, now, What::OfflineWrongCode { factor: of }),
        event(2, alice.id, now, What::OfflineCode { factor: of, step }),
        event(3, alice.id, now, What::FirstFactorAlone),
    ];
    assert_eq!(world.happened(&agent, events.clone()).await, 3);
    assert_eq!(world.happened(&agent, events).await, 3);
    assert_eq!(world.logged_as("device.code.offline").await, ["device success", "device wrong_code"]);
    assert_eq!(world.logged_as("device.login.first_factor").await, ["device success"]);
    let details = world.details_of("device.code.offline").await;
    let used: Vec<_> = details.iter().filter(|details| details["here"] == "used_up").collect();
    assert_eq!(used.len(), 1);
    assert_eq!(used[0]["at"], claviger_app::words::iso(now));
    // The code that was used there is used here.
    assert_eq!(portal_code(&world, alice.id, &secret).await, Told::AlreadyUsed);
    world.later(Span::seconds(30));
    assert_eq!(portal_code(&world, alice.id, &secret).await, Told::Accepted);
});

on_both!(
    a_code_used_at_a_device_and_here_is_told_and_a_late_answer_is_not,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let (alice, secret) = world.enrolled("alice").await;
        let mut agent = world.asking(1).await;
        world.bind(&agent, alice.id).await;
        world.state(&mut agent).await;
        let offline = |world: &World, sequence| {
            let (now, factor) = (world.app.now(), factor(&alice));
            event(sequence, alice.id, now, What::OfflineCode { factor, step: Step::at(now).0 })
        };
        // The portal took it: whoever typed it at the device has it, too.
        assert_eq!(portal_code(&world, alice.id, &secret).await, Told::Accepted);
        world.happened(&agent, vec![offline(&world, 1)]).await;
        assert_eq!(world.logged_as("device.code.replayed_offline").await, ["device already_used"]);
        // The server took it for this very device, which did not wait for the answer.
        world.later(Span::seconds(60));
        let code = world.code_now(&secret);
        assert_eq!(world.code_at(&agent, alice.id, &code).await, CodeVerdict::Accepted);
        world.happened(&agent, vec![offline(&world, 2)]).await;
        assert_eq!(world.logged_as("device.code.replayed_offline").await.len(), 1);
        assert_eq!(world.details_of("device.code.offline").await[0]["here"], "known");
    }
);

on_both!(a_device_harms_nobody_with_what_it_makes_up, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let (bob, bobs) = world.enrolled("bob").await;
    let mut agent = world.asking(1).await;
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    let now = world.app.now();
    let ahead = Step::at(now).0 + 1_000;
    let mut events = vec![
        event(1, alice.id, now, What::OfflineCode { factor: factor(&alice), step: ahead }),
        event(2, bob.id, now, What::OfflineCode { factor: factor(&bob), step: Step::at(now).0 }),
    ];
    events.extend((3..15).map(|n| event(n, bob.id, now, What::OfflineWrongCode { factor: factor(&bob) })));
    events.push(event(15, alice.id, now, What::OfflineCode { factor: factor(&bob), step: ahead - 1_000 }));
    assert_eq!(world.happened(&agent, events).await, 15);
    assert_eq!(portal_code(&world, alice.id, &secret).await, Told::Accepted);
    assert_eq!(portal_code(&world, bob.id, &bobs).await, Told::Accepted);
    assert_eq!(world.logged_as("device.report").await.len(), 13);
    let details = world.details_of("device.code.offline").await;
    let mut here: Vec<_> = details.iter().map(|details| details["here"].as_str().unwrap()).collect();
    here.sort_unstable();
    assert_eq!(here, ["implausible", "replaced"]);
});

on_both!(wrong_codes_without_the_server_lock_like_others, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let mut agent = world.asking(1).await;
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    let now = world.app.now();
    let wrong = |n| event(n, alice.id, now, What::OfflineWrongCode { factor: factor(&alice) });
    world.happened(&agent, (1..=10).map(wrong).collect()).await;
    assert!(matches!(portal_code(&world, alice.id, &secret).await, Told::Locked { until: Some(_) }));
    assert!(world.subjects("alice@acme.test").await.contains(&"factor_locked".to_owned()));
    // A flood is taken in parts, and none of it twice.
    let flood: Vec<_> = (11..=300).map(|n| event(n, alice.id, now, What::LetIn)).collect();
    assert_eq!(world.happened(&agent, flood.clone()).await, 210);
    assert_eq!(world.happened(&agent, flood.clone()).await, 300);
    assert_eq!(world.happened(&agent, flood).await, 300);
    assert_eq!(world.logged_as("device.login.let_in").await.len(), 290);
});

on_both!(a_break_glass_code_is_used_once_and_gone_from_the_device, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, _) = world.enrolled("alice").await;
    let mut agent = world.asking(1).await;
    world.bind(&agent, alice.id).await;
    let of = (agent.id, alice.id);
    world.app.make_break_glass(&granted(), of, ("8", "lost phone")).await.unwrap();
    let state = world.state(&mut agent).await;
    let [code] = state.users[0].break_glass.as_slice() else { panic!("{:?}", state.users) };
    world.happened(&agent, vec![event(1, alice.id, world.app.now(), What::BreakGlass { id: code.id })]).await;
    assert!(world.state(&mut agent).await.users[0].break_glass.is_empty());
    assert_eq!(world.logged_as("device.break_glass.use").await, ["device success"]);
});
