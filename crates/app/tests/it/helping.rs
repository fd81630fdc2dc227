use crate::*;
use claviger_app::{
    Refusal,
    enrollment::Enroller,
    evidence::{Format, Verdict},
    session::{HalfSignedIn, NewSession, SignedIn, Visit},
    sign_in::CodeOutcome,
    stored::user_list::Page,
    verify::{Told, Verified},
};
use claviger_domain::{
    account::Account,
    id::FactorId,
    resync::Pair,
    sign_in::Next,
    time::Span,
    totp::{Code, Digest, Drift, Step, TotpSecret, hotp},
};
use claviger_testing::{TestDatabase, on_both};
use futures_util::TryStreamExt;

/// The code that a clock shows which is so many steps off.
fn shown(world: &World, secret: &TotpSecret, offset: i64) -> String {
    format!("{:06}", secret.code(Step(Step::at(world.app.now()).0 + offset)))
}

fn code(world: &World, secret: &TotpSecret, offset: i64) -> Code {
    Code::parse("code", &shown(world, secret, offset)).unwrap()
}

fn pair(world: &World, secret: &TotpSecret, first: i64, second: i64) -> Pair {
    Pair { first: code(world, secret, first), second: code(world, secret, second) }
}

fn message(refusal: Refusal) -> (&'static str, String) {
    match refusal {
        Refusal::Fields(mut errors) if errors.len() == 1 => {
            let error = errors.remove(0);
            (error.field, error.message)
        }
        other => panic!("{other}"),
    }
}

async fn asked_for_a_code(world: &World, session: &NewSession) -> (HalfSignedIn, FactorId) {
    match world.visit(session).await {
        Visit::Half(half) => match half.next {
            Next::Code(factor) => (*half, factor),
            next => panic!("{next:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Someone enrolled whose clock may be off from now on without meeting used steps.
async fn enrolled_long_ago(world: &World, name: &str) -> (Account, TotpSecret) {
    let enrolled = world.enrolled(name).await;
    world.later(Span::minutes(30));
    enrolled
}

async fn inside(world: &World, name: &str, secret: &TotpSecret) -> SignedIn {
    let (half, factor) = asked_for_a_code(world, &world.session(name).await).await;
    match world.app.submit_code(&half, factor, &world.code(secret)).await.unwrap() {
        CodeOutcome::Session(session) => world.signed_in(&session).await,
        other => panic!("{other:?}"),
    }
}

async fn drift_of(world: &World, account: &Account) -> Drift {
    world.app.user_with_factor(&granted(), account.id).await.unwrap().factor.unwrap().factor.drift
}

on_both!(the_code_of_the_earlier_qr_code_is_told_and_not_accepted, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    let who = Enroller::on_the_way(&world.half("alice").await).unwrap();
    world.app.start_enrollment(&who).await.unwrap();
    let earlier = world.shown(&who).await;
    world.app.start_enrollment(&who).await.unwrap();
    let newer = world.shown(&who).await;
    let refused = world.app.confirm_enrollment(&who, &world.code_now(&earlier), "").await.unwrap_err();
    let (field, text) = message(refused);
    assert!(field == "code" && text.contains("you were shown before"), "{text}");
    assert_eq!(world.shown(&who).await, newer, "a wrong code keeps the QR code");
    world.app.start_enrollment(&who).await.unwrap();
    let refused = world.app.confirm_enrollment(&who, &world.code_now(&earlier), "").await.unwrap_err();
    assert!(message(refused).1.contains("type the newest one"), "only one QR code before is known");
    let refused = world.app.confirm_enrollment(&who, &world.code_now(&newer), "").await.unwrap_err();
    assert!(message(refused).1.contains("you were shown before"));
    let newest = world.shown(&who).await;
    assert!(world.app.confirm_enrollment(&who, &world.code_now(&newest), "").await.is_ok());
});

on_both!(a_wrong_first_code_says_what_is_wrong_with_the_app, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    let who = Enroller::on_the_way(&world.half("alice").await).unwrap();
    world.app.start_enrollment(&who).await.unwrap();
    let secret = world.shown(&who).await;
    let counter = Step::at(world.app.now()).0.cast_unsigned();
    let made = |digest, digits: usize| {
        let value = hotp(digest, secret.expose(), counter, u32::try_from(digits).unwrap());
        format!("{value:0digits$}")
    };
    for (typed, part) in [
        (shown(&world, &secret, -9), "minutes slow"),
        (shown(&world, &secret, 4), "seconds fast"),
        (made(Digest::Sha256, 6), "SHA-256"),
        (made(Digest::Sha512, 6), "SHA-512"),
        (made(Digest::Sha1, 8), "six digits"),
        ("12345678".into(), "six digits"),
    ] {
        let refused = world.app.confirm_enrollment(&who, &typed, "").await.unwrap_err();
        let (field, text) = message(refused);
        assert!(field == "code" && text.contains(part), "{part}: {text}");
    }
    assert!(world.app.confirm_enrollment(&who, &world.code_now(&secret), "").await.is_ok());
});

on_both!(
    a_token_five_minutes_slow_is_resynced_on_the_way_in_and_signs_in_after,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let (alice, secret) = enrolled_long_ago(&world, "alice").await;
        let session = world.session("alice").await;
        let (half, factor) = asked_for_a_code(&world, &session).await;
        let slow = code(&world, &secret, -10);
        let outcome = world.app.submit_code(&half, factor, &slow).await.unwrap();
        assert!(matches!(outcome, CodeOutcome::Refused(Told::Wrong)), "{outcome:?}");
        let (half, factor) = asked_for_a_code(&world, &session).await;
        let two = pair(&world, &secret, -11, -10);
        let session = match world.app.submit_pair(&half, factor, &two).await.unwrap() {
            CodeOutcome::Session(session) => session,
            other => panic!("{other:?}"),
        };
        assert_eq!(session.next, Next::Enter);
        assert_eq!(drift_of(&world, &alice).await, Drift { resynced: -10, learned: 0 });
        for minutes in [1, 60 * 24 * 200] {
            world.later(Span::minutes(minutes));
            let verified = world.app.verify(&granted(), alice.id, &code(&world, &secret, -10)).await.unwrap();
            assert_eq!(verified, Verified::Told(Told::Accepted), "after {minutes} minutes");
        }
        world.app.forget_drift(&granted(), alice.id).await.unwrap();
        assert_eq!(drift_of(&world, &alice).await, Drift::default());
        world.later(Span::minutes(30));
        let verified = world.app.verify(&granted(), alice.id, &code(&world, &secret, -10)).await.unwrap();
        assert_eq!(verified, Verified::Told(Told::Wrong));
        let verified = world.app.verify(&granted(), alice.id, &code(&world, &secret, 0)).await.unwrap();
        assert_eq!(verified, Verified::Told(Told::Accepted));
    }
);

on_both!(a_resync_takes_no_code_that_was_used_or_is_older, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = enrolled_long_ago(&world, "alice").await;
    let me = inside(&world, "alice", &secret).await;
    for (first, second) in [(-2, -1), (-1, 0), (0, 1)] {
        let told = world.app.resync_own(&me, &pair(&world, &secret, first, second)).await.unwrap();
        assert_eq!(told, Told::AlreadyUsed, "{first} {second}");
    }
    let ahead = pair(&world, &secret, 5, 6);
    assert_eq!(world.app.resync_own(&me, &ahead).await.unwrap(), Told::Accepted);
    assert_eq!(world.app.resync_own(&me, &ahead).await.unwrap(), Told::AlreadyUsed);
    for offset in [5, 6] {
        let verified = world.app.verify(&granted(), alice.id, &code(&world, &secret, offset)).await.unwrap();
        assert_eq!(verified, Verified::Told(Told::AlreadyUsed));
    }
    let too_far = pair(&world, &secret, 20, 21);
    assert_eq!(world.app.resync_own(&me, &too_far).await.unwrap(), Told::Wrong);
});

on_both!(wrong_pairs_are_wrong_codes_and_a_locked_factor_takes_none, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, secret) = enrolled_long_ago(&world, "alice").await;
    let session = world.session("alice").await;
    for round in 1..=5 {
        let (half, factor) = asked_for_a_code(&world, &session).await;
        let wrong = pair(&world, &secret, 30, 31);
        let outcome = world.app.submit_pair(&half, factor, &wrong).await.unwrap();
        assert_eq!(matches!(outcome, CodeOutcome::StartAgain), round == 5, "{outcome:?}");
    }
    let session = world.session("alice").await;
    for _ in 0..5 {
        let (half, factor) = asked_for_a_code(&world, &session).await;
        let wrong = pair(&world, &secret, 40, 40);
        world.app.submit_pair(&half, factor, &wrong).await.unwrap();
    }
    assert_eq!(world.subjects("alice@acme.test").await.last().unwrap(), "factor_locked");
    let (half, factor) = asked_for_a_code(&world, &world.session("alice").await).await;
    let right = pair(&world, &secret, -1, 0);
    let outcome = world.app.submit_pair(&half, factor, &right).await.unwrap();
    assert!(matches!(outcome, CodeOutcome::Refused(Told::Locked { until: Some(_) })), "{outcome:?}");
});

on_both!(clocks_that_are_off_are_listed_the_farthest_first, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut off = Vec::new();
    for (name, offset) in [("alice", -3), ("bob", 12), ("carol", 0)] {
        let (account, secret) = enrolled_long_ago(&world, name).await;
        let me = inside(&world, name, &secret).await;
        world.later(Span::minutes(10));
        let two = pair(&world, &secret, offset - 1, offset);
        assert_eq!(world.app.resync_own(&me, &two).await.unwrap(), Told::Accepted);
        off.push(account.id);
    }
    let load = async |page: Page| world.app.drifting(&granted(), &page, 1).await.unwrap();
    let first = load(Page::First).await;
    let (ids, more) = (first.factors.iter().map(|row| row.account.id), (first.has_newer, first.has_older));
    assert_eq!((ids.collect::<Vec<_>>(), more), (vec![off[1]], (false, true)));
    let second = load(Page::After(first.factors[0].cursor())).await;
    assert_eq!((second.factors[0].account.id, second.has_older), (off[0], false));
    let back = load(Page::Before(second.factors[0].cursor())).await;
    assert_eq!((back.factors[0].account.id, back.has_newer), (off[1], false));
});

async fn document(world: &World, format: Format) -> Vec<u8> {
    world.app.evidence(&granted(), format).await.unwrap().pieces().try_concat().await.unwrap()
}

on_both!(evidence_has_every_user_and_one_changed_byte_shows, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("bob", Some(1)).await;
    world.later(Span::days(2));
    world.enrolled("alice").await;
    world.user("carol", None).await;
    world.later(Span::seconds(1));
    let suspended = world.user("dave", Some(3)).await;
    world.app.suspend_user(&granted(), suspended.id).await.unwrap();
    let verify = async |document: &[u8]| world.app.verify_evidence(&granted(), document).await.unwrap();
    let csv = document(&world, Format::Csv).await;
    let text = String::from_utf8(csv.clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("username,email,state,mfa_status,"), "{}", lines[0]);
    assert_eq!(lines[1], "bob,bob@acme.test,activated,expired,required,,2027-01-16T08:00:00Z,,,");
    assert_eq!(
        lines[2],
        "alice,alice@acme.test,activated,active,required,,,2027-01-17T08:00:00Z,2027-01-17T08:00:00Z,"
    );
    assert_eq!(lines[3], "carol,carol@acme.test,activated,none,not_required,,,,,not_required");
    assert_eq!(lines[4], "dave,dave@acme.test,suspended,enrolling,required,,,,,suspended");
    assert!(text.contains("# users: 4") && !text.contains("ada@acme.test"), "{text}");
    assert!(lines.last().unwrap().starts_with("# signature: ed25519 "));
    let html = document(&world, Format::Html).await;
    assert!(String::from_utf8(html.clone()).unwrap().contains("Enrollment period expired"));
    for document in [csv, html] {
        assert_eq!(verify(&document).await, Verdict::Genuine);
        for index in (0..document.len()).step_by(7).chain(document.len() - 100..document.len()) {
            let mut changed = document.clone();
            changed[index] ^= 1;
            assert_ne!(verify(&changed).await, Verdict::Genuine, "byte {index}");
        }
        assert_ne!(verify(&document[..document.len() / 2]).await, Verdict::Genuine);
        assert_ne!(verify(&[document.as_slice(), b"x\n"].concat()).await, Verdict::Genuine);
    }
    assert_eq!(verify(b"nothing\n").await, Verdict::Unsigned);
    assert!(world.app.evidence_key(&granted()).await.unwrap().starts_with("-----BEGIN PUBLIC KEY-----\n"));
});

on_both!(every_node_signs_with_the_same_key, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    let allowed = granted();
    let (a, b) = tokio::join!(world.app.evidence_key(&allowed), other.evidence_key(&allowed));
    assert_eq!(a.unwrap(), b.unwrap());
    let document = document(&world, Format::Csv).await;
    assert_eq!(other.verify_evidence(&granted(), &document).await.unwrap(), Verdict::Genuine);
});

on_both!(the_report_counts_by_day, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.enrolled("alice").await;
    world.password("alice", "wrong").await;
    world.later(Span::days(2));
    world.enrolled("bob").await;
    world.user("carol", Some(1)).await;
    world.user("dave", Some(5)).await;
    world.user("erin", Some(60)).await;
    let report = world.app.report(&granted()).await.unwrap();
    assert_eq!(report.enrolled_by_day[87..], [1, 0, 1]);
    assert_eq!(report.enrolled_by_day.iter().sum::<i64>(), 2, "Ada is no user");
    assert_eq!(report.ending_by_day[..6], [0, 1, 0, 0, 0, 1]);
    assert_eq!(report.ending_by_day.iter().sum::<i64>(), 2);
    assert_eq!(report.failed_by_day[27..], [1, 0, 0]);
    assert_eq!((report.statuses.users(), report.statuses.enrolled()), (5, 2));
    let home = world.app.home(&granted()).await.unwrap();
    assert_eq!(home.enrolled_by_day[27..], [1, 0, 1]);
    assert_eq!(home.failed_by_hour.iter().sum::<i64>(), 0);
});
