//! Single Logout (S10.1): a session ends here, and whoever was told of it is told so.

use crate::{
    applications::{actions, given, wiki},
    saml::*,
    *,
};
use claviger_app::{
    applications::{ApplicationForm, ConsumerForm},
    saml::{LogOutStep, PostForm, Posted, ReceivedLogOut, WrongMessage},
    session::{NewSession, Visit},
};
use claviger_domain::{id::ApplicationId, time::Span};
use claviger_saml::Instant;
use claviger_testing::{TestDatabase, on_both};

fn with_log_out(name: &str, binding: &str) -> ApplicationForm {
    ApplicationForm {
        name: name.into(),
        entity_id: format!("https://{name}.example/metadata"),
        consumers: vec![ConsumerForm {
            address: format!("https://{name}.example/acs"),
            index: String::new(),
        }],
        log_out: format!("https://{name}.example/slo"),
        log_out_binding: binding.into(),
        certificates: vec![application_key().certificate().pem()],
        ..wiki()
    }
}

/// An application that was told of alice in this session; its name of the session.
async fn told(world: &World, form: &ApplicationForm, session: &NewSession) -> (ApplicationId, String) {
    // Their ids are in the order in which they are made.
    world.later(Span::seconds(1));
    let (application, group) = given(world, form).await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let Ok(claviger_app::saml::Received::Pending(kept)) =
        world.app.begin_here(application.id, &origin()).await
    else {
        panic!()
    };
    let form = posted(at_door(world, application.id, &kept, &world.visit(session).await).await);
    let message = form.message().unwrap();
    let (_, rest) = message.split_once("SessionIndex=\"").unwrap();
    (application.id, rest.split('"').next().unwrap().to_owned())
}

fn now(world: &World) -> Instant {
    Instant::from_unix(u64::try_from(world.app.now().seconds()).unwrap())
}

fn request(world: &World, (id, name): (ApplicationId, &str), (message, index): (&str, &str)) -> String {
    let index = if index.is_empty() {
        String::new()
    } else {
        format!("<samlp:SessionIndex>{index}</samlp:SessionIndex>")
    };
    format!(
        r#"<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{message}" Version="2.0" IssueInstant="{}" Destination="{}"><saml:Issuer>https://{name}.example/metadata</saml:Issuer><saml:NameID>alice@acme.test</saml:NameID>{index}</samlp:LogoutRequest>"#,
        now(world),
        world.app.saml_addresses(id).log_out,
    )
}

fn response(world: &World, (id, name): (ApplicationId, &str), to: &str, status: &str) -> String {
    format!(
        r#"<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_answer" Version="2.0" IssueInstant="{}" Destination="{}" InResponseTo="{to}"><saml:Issuer>https://{name}.example/metadata</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status></samlp:LogoutResponse>"#,
        now(world),
        world.app.saml_addresses(id).log_out,
    )
}

async fn asks(world: &World, id: ApplicationId, xml: &str) -> ReceivedLogOut {
    let value = data_encoding::BASE64.encode(xml.as_bytes());
    let message = Posted::Form { request: Some(&value), response: None, relay_state: Some("/bye") };
    world.app.receive_log_out(id, message, &origin()).await.unwrap()
}

async fn answers(world: &World, id: ApplicationId, xml: &str, relay_state: &str) -> LogOutStep {
    let value = data_encoding::BASE64.encode(xml.as_bytes());
    let message = Posted::Form { request: None, response: Some(&value), relay_state: Some(relay_state) };
    match world.app.receive_log_out(id, message, &origin()).await.unwrap() {
        ReceivedLogOut::Step(step) => step,
        other => panic!("{other:?}"),
    }
}

fn sent(step: LogOutStep) -> (PostForm, String) {
    let LogOutStep::Post { form, .. } = step else { panic!("{step:?}") };
    let message = form.message().unwrap();
    let (_, rest) = message.split_once(" ID=\"").unwrap();
    let id = rest.split('"').next().unwrap().to_owned();
    (form, id)
}

on_both!(whoever_signs_out_here_is_signed_out_there, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let session = code_session(&world, "alice", &secret).await;
    let (first, _) = told(&world, &with_log_out("one", "post"), &session).await;
    let (second, _) = told(&world, &with_log_out("two", "post"), &session).await;
    told(&world, &with_log_out("three", "redirect"), &session).await;
    let token = world.app.sign_out_everywhere(world.visit(&session).await).await.unwrap().unwrap();
    assert!(matches!(world.visit(&session).await, Visit::Stranger), "here it is over at once");

    let step = world.app.continue_log_out(token.expose(), &origin()).await.unwrap();
    let (form, message) = sent(step);
    assert_eq!(form.relay_state.as_deref(), Some(token.expose()));
    assert!(form.message().unwrap().contains("alice@acme.test</saml:NameID>"));
    let (one, other) = if form.action.contains("one") {
        ((first, "one"), (second, "two"))
    } else {
        ((second, "two"), (first, "one"))
    };
    // An answer to something else, or of another application, tells nothing.
    let stray = answers(&world, other.0, &response(&world, other, &message, "Success"), token.expose()).await;
    assert!(matches!(stray, LogOutStep::Done { .. }), "{stray:?}");
    let step = answers(&world, one.0, &response(&world, one, &message, "Success"), token.expose()).await;
    let (form, message) = sent(step);
    assert!(form.action.contains(other.1), "{}", form.action);
    let refused = response(&world, other, &message, "Responder");
    let step = answers(&world, other.0, &refused, token.expose()).await;
    let LogOutStep::Go { address, .. } = step else { panic!("{step:?}") };
    assert!(address.starts_with("https://three.example/slo?SAMLRequest=") && address.contains("&Signature="));
    let step = world.app.continue_log_out(token.expose(), &origin()).await.unwrap();
    assert!(matches!(step, LogOutStep::Done { missing: 2 }), "one refused, one did not answer: {step:?}");
    let over = world.app.continue_log_out(token.expose(), &origin()).await.unwrap();
    assert!(matches!(over, LogOutStep::Done { missing: 0 }));
    let logged = actions(&world, &alice.id.to_string()).await;
    assert_eq!(logged.iter().filter(|(action, _)| action == "sign_out.application").count(), 3);
});

on_both!(an_application_ends_the_session_and_is_answered_last, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, secret) = world.enrolled("alice").await;
    let session = code_session(&world, "alice", &secret).await;
    let (one, index) = told(&world, &with_log_out("one", "post"), &session).await;
    let (two, _) = told(&world, &with_log_out("two", "post"), &session).await;
    let text = request(&world, (one, "one"), ("_l1", &index));
    let ReceivedLogOut::Wrong(wrong) = asks(&world, one, &text).await else { panic!() };
    assert_eq!(wrong.kind, WrongMessage::NotTrusted, "it has a certificate, so that it must sign");
    assert!(matches!(world.visit(&session).await, Visit::Full(_)));

    let ReceivedLogOut::Step(step) = asks(&world, one, &signed_text(&text)).await else { panic!() };
    assert!(matches!(world.visit(&session).await, Visit::Stranger));
    let (form, message) = sent(step);
    assert!(form.action.contains("two.example"), "{}", form.action);
    let token = form.relay_state.unwrap();
    let step = answers(&world, two, &response(&world, (two, "two"), &message, "Success"), &token).await;
    let (form, _) = sent(step);
    assert_eq!(
        (form.action.as_str(), form.relay_state.as_deref()),
        ("https://one.example/slo", Some("/bye"))
    );
    let answer = form.message().unwrap();
    assert!(answer.contains("InResponseTo=\"_l1\"") && answer.contains("status:Success"), "{answer}");

    let again = asks(&world, one, &signed_text(&text)).await;
    let ReceivedLogOut::Step(step) = again else { panic!("{again:?}") };
    assert!(sent(step).0.message().unwrap().contains("status:Success"), "nothing of theirs is open any more");
});

on_both!(without_a_certificate_the_name_of_the_session_is_needed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, secret) = world.enrolled("alice").await;
    let session = code_session(&world, "alice", &secret).await;
    let form = ApplicationForm { certificates: Vec::new(), ..with_log_out("one", "post") };
    let (id, index) = told(&world, &form, &session).await;
    let anybody = request(&world, (id, "one"), ("_l1", ""));
    let ReceivedLogOut::Wrong(_) = asks(&world, id, &anybody).await else { panic!() };
    let guessed = request(&world, (id, "one"), ("_l2", "_guessed"));
    let ReceivedLogOut::Step(_) = asks(&world, id, &guessed).await else { panic!() };
    assert!(matches!(world.visit(&session).await, Visit::Full(_)), "neither ended anything");
    let ReceivedLogOut::Step(_) = asks(&world, id, &request(&world, (id, "one"), ("_l3", &index))).await
    else {
        panic!()
    };
    assert!(matches!(world.visit(&session).await, Visit::Stranger));
});
