//! S10.2: who is refused at the door, and which messages aren't taken.

use crate::{
    applications::{actions, given, wiki},
    saml::*,
    *,
};
use claviger_app::{
    applications::ApplicationForm,
    saml::{Entrance, Posted, Received, Refused, WrongMessage},
};
use claviger_domain::{application::release::Reason, time::Span};
use claviger_testing::{TestDatabase, on_both};

fn why(entrance: Entrance) -> Refused {
    match entrance {
        Entrance::Refused { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

on_both!(who_is_locked_out_suspended_or_not_assigned_gets_a_page, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    let asking = Asking::usual(&world);
    let (bob, secret) = world.enrolled("bob").await;
    let session = code_session(&world, "bob", &secret).await;
    let kept_bob = kept(&world, id, &asking).await;
    let visit = world.visit(&session).await;
    assert_eq!(why(at_door(&world, id, &kept_bob, &visit).await), Refused::Reason(Reason::NotAssigned));
    world.app.add_member(&granted(), group, "bob").await.unwrap();

    // The session was loaded before; the account is another one by now.
    world.app.suspend_user(&granted(), bob.id).await.unwrap();
    let suspended = at_door(&world, id, &kept_bob, &visit).await;
    assert!(!matches!(suspended, Entrance::Post(_)), "{suspended:?}");
    let afterwards = at_door(&world, id, &kept_bob, &world.visit(&session).await).await;
    assert!(matches!(afterwards, Entrance::SignIn), "the session is dead: the sign-in tells why");
});

on_both!(a_period_that_passes_locks_the_door_for_a_session_that_is_open, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    let dan = world.user("dan", Some(1)).await;
    world.app.add_member(&granted(), group, "dan").await.unwrap();
    // Nearly the end of the period; the session outlives it.
    world.later(Span::minutes(23 * 60 + 50));
    let half = world.half("dan").await;
    let session = world.app.put_off(&half).await.unwrap();
    let before = kept(&world, id, &Asking { id: "_d1", ..Asking::usual(&world) }).await;
    posted(at_door(&world, id, &before, &world.visit(&session).await).await);
    world.later(Span::minutes(11));
    let after = kept(&world, id, &Asking { id: "_d2", ..Asking::usual(&world) }).await;
    let refused = why(at_door(&world, id, &after, &world.visit(&session).await).await);
    assert!(matches!(refused, Refused::Reason(Reason::LockedOut { .. })), "{refused:?}");
    let logged = actions(&world, &dan.id.to_string()).await;
    assert!(logged.contains(&("sign_in.application".into(), "locked_out".into())), "{logged:?}");
});

on_both!(what_an_application_can_not_be_told_it_is_not_told, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    world.user("erin", None).await;
    world.app.add_member(&granted(), group, "erin").await.unwrap();
    let session = world.session("erin").await;
    let visit = world.visit(&session).await;
    let mfa = "<samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>";
    let other = "<saml:Subject><saml:NameID>bob@acme.test</saml:NameID></saml:Subject>";
    for (number, children, expected) in [("_1", mfa, Refused::Context), ("_2", other, Refused::OtherPerson)] {
        let asking = Asking { id: number, children, ..Asking::usual(&world) };
        let kept = kept(&world, id, &asking).await;
        assert_eq!(why(at_door(&world, id, &kept, &visit).await), expected);
    }
    let asking = Asking { id: "_3", ..Asking::usual(&world) };
    let password = kept(&world, id, &asking).await;
    let form = posted(at_door(&world, id, &password, &visit).await);
    let told = verified(&world, id, &form).await;
    assert!(told.contains("PasswordProtectedTransport"), "a password is called a password: {told}");

    let persistent = ApplicationForm { name_id: "persistent".into(), ..wiki() };
    world.app.edit_application(&granted(), id, &persistent).await.unwrap();
    let email = "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\"/>";
    let asking = Asking { id: "_4", children: email, ..Asking::usual(&world) };
    let kept_email = kept(&world, id, &asking).await;
    assert_eq!(why(at_door(&world, id, &kept_email, &visit).await), Refused::NameKind);

    let codes = ApplicationForm { fresh_code: "every_time".into(), ..wiki() };
    world.app.edit_application(&granted(), id, &codes).await.unwrap();
    let no_factor = kept(&world, id, &Asking { id: "_5", ..Asking::usual(&world) }).await;
    assert_eq!(why(at_door(&world, id, &no_factor, &visit).await), Refused::Reason(Reason::NoFactor));
    let off = ApplicationForm { access: "disabled".into(), ..wiki() };
    world.app.edit_application(&granted(), id, &off).await.unwrap();
    let disabled = kept(&world, id, &Asking { id: "_6", ..Asking::usual(&world) }).await;
    assert_eq!(why(at_door(&world, id, &disabled, &visit).await), Refused::Reason(Reason::Disabled));
    let moved = ApplicationForm {
        consumers: vec![claviger_app::applications::ConsumerForm {
            address: "https://wiki.example/new".into(),
            index: String::new(),
        }],
        ..wiki()
    };
    world.app.edit_application(&granted(), id, &moved).await.unwrap();
    let gone = at_door(&world, id, &disabled, &visit).await;
    assert!(
        matches!(gone, Entrance::Stale),
        "an address that is no longer registered gets nothing: {gone:?}"
    );
});

on_both!(messages_that_are_not_right_are_not_taken, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, _) = given(&world, &wiki()).await;
    let id = application.id;
    let usual = || Asking::usual(&world);
    let old = Asking { at: world.app.now().minus(Span::seconds(361)), ..usual() };
    let future = Asking { at: world.app.now().plus(Span::seconds(61)), ..usual() };
    let acs = "AssertionConsumerServiceURL=\"https://evil.example/acs\"";
    let near = "AssertionConsumerServiceURL=\"https://wiki.example/acs/\"";
    for (asking, expected) in [
        (old, WrongMessage::Outdated),
        (future, WrongMessage::Outdated),
        (Asking { attributes: acs, ..usual() }, WrongMessage::Misaddressed),
        (Asking { attributes: near, ..usual() }, WrongMessage::Misaddressed),
        (Asking { attributes: "AssertionConsumerServiceIndex=\"9\"", ..usual() }, WrongMessage::Misaddressed),
        (Asking { issuer: "https://other.example", ..usual() }, WrongMessage::Misaddressed),
        (Asking { id: "1 2", ..usual() }, WrongMessage::Damaged),
    ] {
        let text = asking.text(&world, id);
        assert_eq!(kind(&world, id, &text).await, expected, "{text}");
    }
    let elsewhere = usual().text(&world, id).replace("/sso\"", "/other\"");
    assert_eq!(kind(&world, id, &elsewhere).await, WrongMessage::Misaddressed);
    assert_eq!(kind(&world, id, "<x/>").await, WrongMessage::Damaged);
    let text = usual().text(&world, id);
    let long = "x".repeat(1_025);
    let Received::Wrong(wrong) = post(&world, id, &text, Some(&long)).await else { panic!() };
    assert_eq!(wrong.kind, WrongMessage::Damaged);
    let both = Posted::Form { request: Some("x"), response: Some("x"), relay_state: None };
    let Received::Wrong(_) = world.app.receive_sign_on(id, both, &another_origin()).await.unwrap() else {
        panic!()
    };
    let Received::Wrong(_) =
        world.app.receive_sign_on(id, Posted::Query("x=y"), &another_origin()).await.unwrap()
    else {
        panic!()
    };
    let nobody = claviger_domain::id::ApplicationId::new(world.app.now(), [9; 10]);
    assert!(matches!(post(&world, nobody, &text, None).await, Received::Unknown));
    let logged = actions(&world, &id.to_string()).await;
    assert_eq!(logged.iter().filter(|(_, outcome)| outcome == "wrong_message").count(), 12, "{logged:?}");
});

on_both!(wrong_messages_of_a_stranger_fill_no_log, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, _) = given(&world, &wiki()).await;
    let id = application.id;
    let send =
        async |query: &str| world.app.receive_sign_on(id, Posted::Query(query), &origin()).await.unwrap();
    let logged = async || {
        let all = actions(&world, &id.to_string()).await;
        all.iter().filter(|(_, outcome)| outcome == "wrong_message").count()
    };
    for _ in 0..20 {
        assert!(matches!(send("x=y").await, Received::Wrong(_)));
    }
    assert_eq!(logged().await, 5);
    world.later(Span::seconds(1));
    send("x=y").await;
    send("x=y").await;
    assert_eq!(logged().await, 6, "now and then one");
    let right = data_encoding::BASE64.encode(Asking::usual(&world).text(&world, id).as_bytes());
    let right = Posted::Form { request: Some(&right), response: None, relay_state: None };
    let taken = world.app.receive_sign_on(id, right, &origin()).await.unwrap();
    assert!(matches!(taken, Received::Pending(_)), "{taken:?}");
});

on_both!(an_application_that_signs_is_believed_by_its_signature_alone, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let form = ApplicationForm {
        requests: "must_be_signed".into(),
        certificates: vec![application_key().certificate().pem()],
        ..wiki()
    };
    let (application, _) = given(&world, &form).await;
    let id = application.id;
    let text = Asking::usual(&world).text(&world, id);
    assert_eq!(kind(&world, id, &text).await, WrongMessage::NotTrusted);
    let right = signed_text(&text);
    assert!(matches!(post(&world, id, &right, None).await, Received::Pending(_)));
    let changed = right.replace("ID=\"_r1\" Issue", "ID=\"_r1\" ForceAuthn=\"true\" Issue");
    assert_ne!(changed, right);
    assert_eq!(kind(&world, id, &changed).await, WrongMessage::NotTrusted);
});
