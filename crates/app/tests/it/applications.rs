//! Applications as administrators see to them (S10.1).

use crate::{identity::code_of as code, *};
use claviger_app::{
    Refusal,
    applications::{ApplicationForm, AttributeForm, ConsumerForm, Told},
    groups::GroupForm,
};
use claviger_domain::{
    application::{Application, certificate::Stage, release::Reason},
    id::GroupId,
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};
use std::collections::BTreeSet;

pub(crate) fn wiki() -> ApplicationForm {
    let attribute = |name: &str, source: &str, constant: &str| AttributeForm {
        name: name.into(),
        source: source.into(),
        constant: constant.into(),
    };
    ApplicationForm {
        name: "Wiki".into(),
        description: "What we know".into(),
        entity_id: "https://wiki.example/metadata".into(),
        // One signature, at the root, so that what checks the messages of applications checks ours.
        signed: "response".into(),
        consumers: vec![ConsumerForm { address: "https://wiki.example/acs".into(), index: "0".into() }],
        attributes: vec![
            attribute("mail", "email", ""),
            attribute("groups", "groups", ""),
            attribute("realm", "constant", "<acme> & \"co\""),
        ],
        ..ApplicationForm::default()
    }
}

/// The same under another name.
pub(crate) fn wiki_named(name: &str) -> ApplicationForm {
    ApplicationForm { name: name.into(), ..wiki() }
}

/// The application, and the group Staff that has it.
pub(crate) async fn given(world: &World, form: &ApplicationForm) -> (Application, GroupId) {
    let application = world.app.create_application(&granted(), form).await.unwrap();
    let form = GroupForm { name: format!("Staff of {}", form.name), ..GroupForm::default() };
    let group = world.app.create_group(&granted(), &form).await.unwrap();
    world.app.assign_application(&granted(), (application.id, group.id)).await.unwrap();
    (application, group.id)
}

pub(crate) async fn actions(world: &World, target: &str) -> Vec<(String, String)> {
    let entries = world.app.activity(&granted(), target, 100).await.unwrap();
    let mut all: Vec<_> = entries.into_iter().map(|entry| (entry.action, entry.outcome)).collect();
    all.reverse();
    all
}

on_both!(an_application_is_made_changed_given_and_deleted, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let app = &world.app;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    assert_eq!(ApplicationForm::of(&application).unwrap().attributes, wiki().attributes);
    let listed = app.applications(&granted()).await.unwrap();
    assert_eq!((listed.len(), listed[0].groups), (1, 1));
    assert_eq!(listed[0].certificate_ends, Some(app.now().plus(Span::days(3 * 365))));

    for (form, field) in [
        (ApplicationForm { entity_id: "urn:x".into(), ..wiki() }, "name"),
        (ApplicationForm { name: "WIKI".into(), entity_id: "urn:x".into(), ..wiki() }, "name"),
        (ApplicationForm { name: "Other".into(), ..wiki() }, "entity_id"),
        (ApplicationForm { name: "x".into(), consumers: Vec::new(), ..wiki() }, "consumers"),
        (ApplicationForm { name: "x".into(), requests: "must_be_signed".into(), ..wiki() }, "certificates"),
        (ApplicationForm { name: "x".into(), certificates: vec!["AAAA".into()], ..wiki() }, "certificates"),
        (ApplicationForm { name: "x".into(), fresh_code: "older_than".into(), ..wiki() }, "fresh_minutes"),
        (ApplicationForm { name: "x".into(), name_id: "x".into(), ..wiki() }, "name_id"),
        (ApplicationForm { name: "x".into(), log_out: "http://x.example".into(), ..wiki() }, "log_out"),
        (ApplicationForm { name: "x".into(), relay_state: "x".repeat(1_001), ..wiki() }, "relay_state"),
    ] {
        let refused = app.create_application(&granted(), &form).await.unwrap_err();
        assert_eq!(refused_fields(refused), [field], "{form:?}");
    }

    let renamed = ApplicationForm { name: "Lore".into(), ..wiki() };
    let changed = app.edit_application(&granted(), id, &renamed).await.unwrap();
    assert_eq!((changed.revision, changed.name.as_str()), (2, "Lore"));
    app.unassign_application(&granted(), (id, group)).await.unwrap();
    assert!(app.groups_of_application(&granted(), id).await.unwrap().is_empty());
    app.delete_application(&granted(), id).await.unwrap();
    assert!(matches!(app.application(&granted(), id).await, Err(Refusal::NotFound("application"))));
    let logged = actions(&world, &id.to_string()).await;
    // The clock stands still, so that no entry is earlier than another.
    let logged: BTreeSet<_> = logged.iter().map(|(action, _)| action.as_str()).collect();
    let expected =
        ["create", "assign", "edit", "unassign", "delete"].map(|what| format!("application.{what}"));
    assert_eq!(logged, expected.iter().map(String::as_str).collect());
});

on_both!(the_end_of_a_certificate_is_told_a_month_before, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let app = &world.app;
    let id = app.create_application(&granted(), &wiki()).await.unwrap().id;
    let to_renew = async || {
        let told = app.applications_to_renew(&granted()).await.unwrap();
        told.into_iter().map(|(application, _)| application.id).collect::<Vec<_>>()
    };
    world.later(Span::days(3 * 365 - 31));
    assert_eq!(to_renew().await, []);
    world.later(Span::days(1));
    assert_eq!(to_renew().await, [id]);
    let unused = ApplicationForm { access: "disabled".into(), ..wiki() };
    app.edit_application(&granted(), id, &unused).await.unwrap();
    assert_eq!(to_renew().await, [], "nobody signs in there");
    app.edit_application(&granted(), id, &wiki()).await.unwrap();
    world.later(Span::days(31));
    assert_eq!(to_renew().await, [id], "it has ended");
});

on_both!(a_certificate_is_replaced_without_a_gap, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let app = &world.app;
    let id = app.create_application(&granted(), &wiki()).await.unwrap().id;
    let stages = async || {
        let all = app.application_certificates(&granted(), id).await.unwrap();
        all.into_iter().map(|one| (one.id, one.stage)).collect::<Vec<_>>()
    };
    let metadata =
        async || app.saml_metadata(id).await.unwrap().unwrap().matches("X509Certificate>").count() / 2;
    let [(first, Stage::Current)] = stages().await[..] else { panic!() };
    app.make_next_certificate(&granted(), id).await.unwrap();
    let twice = app.make_next_certificate(&granted(), id).await.unwrap_err();
    assert!(matches!(twice, Refusal::State { code: "next_certificate_exists", .. }));
    let [(_, Stage::Current), (second, Stage::Next)] = stages().await[..] else { panic!() };
    assert_eq!(metadata().await, 2, "the application can know the next one before it signs");
    app.switch_certificate(&granted(), (id, second)).await.unwrap();
    assert_eq!(stages().await, [(second, Stage::Current), (first, Stage::Retired)]);
    app.switch_certificate(&granted(), (id, first)).await.unwrap();
    assert_eq!(stages().await, [(first, Stage::Current), (second, Stage::Next)], "and back");
    app.switch_certificate(&granted(), (id, second)).await.unwrap();
    let signs = app.remove_certificate(&granted(), (id, second)).await.unwrap_err();
    assert!(matches!(signs, Refusal::State { code: "certificate_signs", .. }));
    app.remove_certificate(&granted(), (id, first)).await.unwrap();
    assert_eq!((stages().await, metadata().await), (vec![(second, Stage::Current)], 1));
});

on_both!(an_application_is_filled_in_from_its_metadata, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let metadata = r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://wiki.example/metadata">
        <md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
        <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://wiki.example/slo"/>
        <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
        <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://wiki.example/other" index="4"/>
        <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://wiki.example/acs" index="2" isDefault="true"/>
        </md:SPSSODescriptor></md:EntityDescriptor>"#;
    let form = world.app.read_metadata(&granted(), metadata.as_bytes()).unwrap();
    assert_eq!(
        (form.name.as_str(), form.entity_id.as_str()),
        ("wiki.example", "https://wiki.example/metadata")
    );
    let consumers: Vec<_> =
        form.consumers.iter().map(|one| (one.address.as_str(), one.index.as_str())).collect();
    assert_eq!(consumers, [("https://wiki.example/acs", "2"), ("https://wiki.example/other", "4")]);
    assert_eq!((form.log_out.as_str(), form.log_out_binding.as_str()), ("https://wiki.example/slo", "post"));
    assert_eq!(form.name_id, "persistent");
    world.app.create_application(&granted(), &form).await.unwrap();
    for bad in ["", "<x/>", "not xml", "<!DOCTYPE x><x/>"] {
        let refused = world.app.read_metadata(&granted(), bad.as_bytes()).unwrap_err();
        assert_eq!(refused_fields(refused), ["metadata"], "{bad}");
    }
});

on_both!(what_an_application_would_be_told_is_shown_and_not_told, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (alice, _) = world.enrolled("alice").await;
    let preview = async || world.app.preview_application(&granted(), application.id, "alice").await.unwrap();
    assert_eq!(preview().await.outcome.unwrap_err(), Reason::NotAssigned);
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let told = match preview().await.outcome.unwrap() {
        Told::Saml(told) => told,
        Told::Oidc(told) => panic!("{told:?}"),
    };
    assert_eq!(told.name_id.as_deref(), Some("alice@acme.test"));
    assert!(told.context.ends_with("TimeSyncToken"), "{}", told.context);
    assert_eq!(
        told.attributes,
        [
            ("mail".to_owned(), vec!["alice@acme.test".to_owned()]),
            ("groups".to_owned(), vec!["Staff of Wiki".to_owned()]),
            ("realm".to_owned(), vec!["<acme> & \"co\"".to_owned()]),
        ]
    );
    let none = world.app.preview_application(&granted(), application.id, "nobody").await.unwrap_err();
    assert_eq!(refused_fields(none), ["user"]);
    let logged = actions(&world, &alice.id.to_string()).await;
    assert!(logged.iter().all(|(action, _)| action != "sign_in.application"), "{logged:?}");
});

on_both!(what_decides_where_people_are_told_asks_for_a_fresh_code, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let id = application.id;
    let ada = world.ada().await;
    let me = world.admin_in(&ada).await;
    world.later(Span::minutes(11));
    let (app, actor) = (&world.app, &me.actor);
    app.make_next_certificate(&granted(), id).await.unwrap();
    let keys = app.application_certificates(&granted(), id).await.unwrap();
    let refused = [
        code(app.edit_application(&actor.granted().unwrap(), id, &wiki()).await),
        code(app.assign_application(&actor.granted().unwrap(), (id, group)).await),
        code(app.make_next_certificate(&actor.granted().unwrap(), id).await),
        code(app.switch_certificate(&actor.granted().unwrap(), (id, keys[1].id)).await),
        code(app.delete_application(&actor.granted().unwrap(), id).await),
    ];
    assert_eq!(refused, ["not_fresh"; 5]);
    app.unassign_application(&actor.granted().unwrap(), (id, group)).await.unwrap();
});
