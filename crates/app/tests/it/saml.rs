//! SAML behind the code: what an application is told (S10.1).

use crate::{
    applications::{actions, given, wiki},
    sign_in::factor_of,
    *,
};
use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
};
use claviger_app::{
    applications::ApplicationForm,
    saml::{Entrance, PostForm, Posted, Received, WrongMessage},
    session::{NewSession, Origin, Visit},
    sign_in::CodeOutcome,
};
use claviger_domain::{
    application::release::Asked,
    id::ApplicationId,
    secret::Secret,
    time::{Span, Timestamp},
    totp::TotpSecret,
};
use claviger_saml::{
    Certificate, Instant, SelfSigned, SigningKey,
    signature::{Signer, Trust, signed, verify},
    xml::{Limits, encode, read},
};
use claviger_testing::{TestDatabase, on_both};
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

pub(crate) const ACS: &str = "https://wiki.example/acs";

/// The key of the application, the same in each run of the tests.
pub(crate) fn application_key() -> Signer {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    let der =
        KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap().as_ref().to_vec());
    let key = || SigningKey::from_pkcs8(der).unwrap();
    let about = SelfSigned {
        common_name: "Wiki",
        serial: [1; 16],
        not_before: Instant::from_unix(1_700_000_000),
        lasts: Duration::from_secs(86_400 * 3650),
    };
    Signer::new(key(), about.make(&key()).unwrap()).unwrap()
}

/// A request to sign in, as text.
pub(crate) struct Asking<'a> {
    pub(crate) id: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) issuer: &'a str,
    pub(crate) attributes: &'a str,
    pub(crate) children: &'a str,
}

impl Asking<'_> {
    pub(crate) fn usual(world: &World) -> Asking<'static> {
        Asking {
            id: "_r1",
            at: world.app.now(),
            issuer: "https://wiki.example/metadata",
            attributes: "",
            children: "",
        }
    }

    pub(crate) fn text(&self, world: &World, id: ApplicationId) -> String {
        let at = Instant::from_unix(u64::try_from(self.at.seconds()).unwrap());
        format!(
            r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{}" Version="2.0" IssueInstant="{at}" Destination="{}" {}><saml:Issuer>{}</saml:Issuer>{}</samlp:AuthnRequest>"#,
            self.id,
            world.app.saml_addresses(id).sign_on,
            self.attributes,
            self.issuer,
            self.children
        )
    }
}

pub(crate) fn signed_text(text: &str) -> String {
    let root = read(text.as_bytes(), Limits::MESSAGE).unwrap();
    encode(&signed(root, &application_key()).unwrap()).unwrap()
}

/// A browser that nobody has come from before: wrong messages of one are soon logged no more.
pub(crate) fn another_origin() -> Origin {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Origin { address: format!("198.18.{high}.{low}"), ..origin() }
}

pub(crate) async fn post(world: &World, id: ApplicationId, xml: &str, relay_state: Option<&str>) -> Received {
    let value = data_encoding::BASE64.encode(xml.as_bytes());
    let message = Posted::Form { request: Some(&value), response: None, relay_state };
    world.app.receive_sign_on(id, message, &another_origin()).await.unwrap()
}

/// What was sealed of a request that is right.
pub(crate) async fn kept(world: &World, id: ApplicationId, asking: &Asking<'_>) -> String {
    match post(world, id, &asking.text(world, id), Some("/page")).await {
        Received::Pending(kept) => kept,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn kind(world: &World, id: ApplicationId, xml: &str) -> WrongMessage {
    match post(world, id, xml, None).await {
        Received::Wrong(wrong) => wrong.kind,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn at_door(world: &World, id: ApplicationId, kept: &str, visit: &Visit) -> Entrance {
    world.app.enter_application((id, kept), visit, &origin()).await.unwrap()
}

pub(crate) fn posted(entrance: Entrance) -> PostForm {
    match entrance {
        Entrance::Post(form) => form,
        other => panic!("{other:?}"),
    }
}

/// Signs in with password and code.
pub(crate) async fn code_session(world: &World, name: &str, secret: &TotpSecret) -> NewSession {
    let half = world.half(name).await;
    match world.app.submit_code(&half, factor_of(&half), &world.code(secret)).await.unwrap() {
        CodeOutcome::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

/// The response, whose signatures hold by the certificate that the metadata has.
pub(crate) async fn verified(world: &World, id: ApplicationId, form: &PostForm) -> String {
    let message = form.message().unwrap();
    let certificates = world.app.application_certificates(&granted(), id).await.unwrap();
    let certificates = [Certificate::from_text(&certificates.first().unwrap().pem).unwrap()];
    let trust = Trust { certificates: &certificates, sha1: claviger_saml::Sha1::Refused };
    let root = read(message.as_bytes(), Limits::MESSAGE).unwrap();
    encode(&verify(&root, trust).unwrap().root).unwrap()
}

on_both!(an_application_is_told_who_showed_password_and_code, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    let (alice, secret) = world.enrolled("alice").await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let kept = kept(&world, id, &Asking::usual(&world)).await;
    assert!(matches!(at_door(&world, id, &kept, &Visit::Stranger).await, Entrance::SignIn));
    let half = world.visit(&world.session("alice").await).await;
    assert!(matches!(at_door(&world, id, &kept, &half).await, Entrance::SignIn), "a password isn't enough");

    let session = code_session(&world, "alice", &secret).await;
    let form = posted(at_door(&world, id, &kept, &world.visit(&session).await).await);
    assert_eq!((form.action.as_str(), form.relay_state.as_deref()), (ACS, Some("/page")));
    let told = verified(&world, id, &form).await;
    for part in [
        "InResponseTo=\"_r1\"",
        "alice@acme.test</saml:NameID>",
        "<saml:Audience>https://wiki.example/metadata</saml:Audience>",
        "TimeSyncToken</saml:AuthnContextClassRef>",
        "<saml:AttributeValue>Staff of Wiki</saml:AttributeValue>",
        "<saml:AttributeValue>&lt;acme&gt; &amp; \"co\"</saml:AttributeValue>",
        "Recipient=\"https://wiki.example/acs\"",
        "status:Success",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let again = at_door(&world, id, &kept, &world.visit(&session).await).await;
    assert!(matches!(again, Entrance::Repeated), "{again:?}");
    let logged = actions(&world, &alice.id.to_string()).await;
    for outcome in ["success", "repeated"] {
        assert!(logged.contains(&("sign_in.application".into(), outcome.into())), "{outcome}: {logged:?}");
    }
});

on_both!(a_request_is_answered_once_though_it_comes_twice_at_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    let (_, secret) = world.enrolled("alice").await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let visit = world.visit(&code_session(&world, "alice", &secret).await).await;
    let asking = Asking::usual(&world);
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(kept(&world, id, &asking).await);
    }
    let racers = waiting.iter().map(|kept| at_door(&world, id, kept, &visit));
    let outcomes = futures_util::future::join_all(racers).await;
    let told = outcomes.iter().filter(|one| matches!(one, Entrance::Post(_))).count();
    let repeated = outcomes.iter().filter(|one| matches!(one, Entrance::Repeated)).count();
    assert_eq!((told, repeated), (1, 3));
    world.later(Span::minutes(20));
    let late = at_door(&world, id, &waiting[0], &visit).await;
    assert!(matches!(late, Entrance::Repeated), "remembered for as long as it could come again");
    world.later(Span::minutes(11));
    assert!(matches!(at_door(&world, id, &waiting[0], &visit).await, Entrance::Stale));
});

on_both!(what_is_sealed_is_for_one_application_and_one_server, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, _) = given(&world, &wiki()).await;
    let other = ApplicationForm { name: "Other".into(), entity_id: "urn:other".into(), ..wiki() };
    let (other, _) = given(&world, &other).await;
    let kept = kept(&world, application.id, &Asking::usual(&world)).await;
    let mut changed = kept.clone().into_bytes();
    changed[30] = if changed[30] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    for (id, text) in [
        (other.id, kept.as_str()),
        (application.id, changed.as_str()),
        (application.id, ""),
        (application.id, "!"),
        (application.id, &"A".repeat(4_000)),
    ] {
        let entrance = at_door(&world, id, text, &Visit::Stranger).await;
        assert!(matches!(entrance, Entrance::Stale), "{entrance:?}");
    }
    let node = world.another_node(database).await;
    let there = node.enter_application((application.id, &kept), &Visit::Stranger, &origin()).await.unwrap();
    assert!(matches!(there, Entrance::SignIn), "another server goes on with it");
});

on_both!(whoever_begins_here_is_told_of_without_a_request, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let form = ApplicationForm { relay_state: "/start".into(), name_id: "persistent".into(), ..wiki() };
    let (application, group) = given(&world, &form).await;
    let id = application.id;
    let (_, secret) = world.enrolled("alice").await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let session = code_session(&world, "alice", &secret).await;
    let me = world.signed_in(&session).await;
    let tiles = world.app.own_applications(&me).await.unwrap();
    assert_eq!(tiles.iter().map(|one| one.id).collect::<Vec<_>>(), [id]);
    let mut names = Vec::new();
    for _ in 0..2 {
        let Received::Pending(kept) = world.app.begin_here(id, &origin()).await.unwrap() else { panic!() };
        let form = posted(at_door(&world, id, &kept, &world.visit(&session).await).await);
        assert_eq!(form.relay_state.as_deref(), Some("/start"));
        let told = verified(&world, id, &form).await;
        assert!(!told.contains("InResponseTo") && !told.contains("alice@acme.test</saml:NameID>"), "{told}");
        let (_, rest) = told.split_once("<saml:NameID").unwrap();
        names.push(rest.split_once("</saml:NameID>").unwrap().0.to_owned());
        let again = at_door(&world, id, &kept, &world.visit(&session).await).await;
        assert!(matches!(again, Entrance::Repeated));
    }
    assert_eq!(names[0], names[1], "the same name each time");
    assert!(names[0].contains("persistent"), "{}", names[0]);
});

on_both!(what_is_signed_is_what_the_application_wants, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    let (_, secret) = world.enrolled("alice").await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let visit = world.visit(&code_session(&world, "alice", &secret).await).await;
    for (signed, wanted) in
        [("both", [true, true]), ("assertion", [true, false]), ("response", [false, true])]
    {
        let form = ApplicationForm { signed: signed.into(), ..wiki() };
        world.app.edit_application(&granted(), id, &form).await.unwrap();
        let Received::Pending(kept) = world.app.begin_here(id, &origin()).await.unwrap() else { panic!() };
        let told = posted(at_door(&world, id, &kept, &visit).await).message().unwrap();
        let (around, assertion) = told.split_once("<saml:Assertion").unwrap();
        let found = [assertion, around].map(|part| part.contains("<ds:Signature "));
        assert_eq!(found, wanted, "{signed}: {told}");
    }
});

on_both!(a_fresh_code_is_asked_for_and_shown_at_the_door, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let form = ApplicationForm { fresh_code: "every_time".into(), ..wiki() };
    let (application, group) = given(&world, &form).await;
    let id = application.id;
    let (_, secret) = world.enrolled("alice").await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let session = code_session(&world, "alice", &secret).await;
    world.later(Span::minutes(1));
    let kept = kept(&world, id, &Asking::usual(&world)).await;
    let asked = at_door(&world, id, &kept, &world.visit(&session).await).await;
    assert!(matches!(asked, Entrance::Show { asked: Asked::Code, .. }), "{asked:?}");
    let me = world.signed_in(&session).await;
    let wrong = world.app.show_again(&me, &Secret::from("000000")).await.unwrap_err();
    assert_eq!(refused_fields(wrong), ["code"]);
    let asked = at_door(&world, id, &kept, &world.visit(&session).await).await;
    assert!(matches!(asked, Entrance::Show { .. }), "a wrong code opens nothing");
    world.app.show_again(&me, &Secret::from(world.code_now(&secret).as_str())).await.unwrap();
    posted(at_door(&world, id, &kept, &world.visit(&session).await).await);
});

on_both!(what_a_request_wishes_is_kept_to, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    let (_, secret) = world.enrolled("alice").await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let passive = Asking { id: "_p", attributes: "IsPassive=\"true\"", ..Asking::usual(&world) };
    let kept_passive = kept(&world, id, &passive).await;
    let answer = posted(at_door(&world, id, &kept_passive, &Visit::Stranger).await);
    let told = verified(&world, id, &answer).await;
    assert!(told.contains("status:NoPassive") && !told.contains("Assertion"), "{told}");

    let session = code_session(&world, "alice", &secret).await;
    world.later(Span::minutes(1));
    let anew = Asking { id: "_f", attributes: "ForceAuthn=\"true\"", ..Asking::usual(&world) };
    let kept_anew = kept(&world, id, &anew).await;
    let asked = at_door(&world, id, &kept_anew, &world.visit(&session).await).await;
    assert!(matches!(asked, Entrance::Show { asked: Asked::Code, .. }), "{asked:?}");
    posted(at_door(&world, id, &kept_passive, &world.visit(&session).await).await);

    let context = "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>https://refeds.org/profile/mfa</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>";
    let mfa = Asking { id: "_m", children: context, ..Asking::usual(&world) };
    let kept_mfa = kept(&world, id, &mfa).await;
    let form = posted(at_door(&world, id, &kept_mfa, &world.visit(&session).await).await);
    let told = verified(&world, id, &form).await;
    assert!(told.contains("<saml:AuthnContextClassRef>https://refeds.org/profile/mfa<"), "{told}");
    let transient = "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\"/>";
    let kept_transient =
        kept(&world, id, &Asking { id: "_t", children: transient, ..Asking::usual(&world) }).await;
    let form = posted(at_door(&world, id, &kept_transient, &world.visit(&session).await).await);
    let told = verified(&world, id, &form).await;
    assert!(!told.contains("alice@acme.test</saml:NameID>"), "{told}");
});
