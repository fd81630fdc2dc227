//! Applications that speak OpenID Connect as administrators see to them: forms, secrets, and keys as time goes by.

use crate::{
    applications::wiki_named,
    oidc::{client, given, wiki},
    *,
};
use claviger_app::applications::{AttributeForm, OidcForm};
use claviger_domain::{application::oidc::key::Duty, time::Span};
use claviger_testing::{TestDatabase, on_both};

on_both!(keys_take_turns_without_a_gap, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, _) = given(&world, &wiki()).await;
    let duties = async || {
        let keys = world.app.oidc_signing_keys(&granted()).await.unwrap();
        let of_kind = keys.iter().filter(|key| key.algorithm.key() == "RS256");
        of_kind.map(|key| key.duty).collect::<Vec<_>>()
    };
    assert_eq!(duties().await, [Duty::Signs]);
    world.later(Span::days(88));
    world.app.work_once().await.unwrap();
    assert_eq!(duties().await, [Duty::Signs]);
    world.later(Span::days(1));
    world.app.work_once().await.unwrap();
    assert_eq!(duties().await, [Duty::Signs, Duty::Next]);
    world.later(Span::days(1));
    assert_eq!(duties().await, [Duty::Retired, Duty::Signs]);
    world.later(Span::days(1));
    world.app.work_once().await.unwrap();
    assert_eq!(duties().await, [Duty::Signs]);
    let kept: Vec<i64> = world.app.store().query("SELECT count(*) FROM oidc_key", Vec::new()).await.unwrap();
    assert_eq!(kept, [2], "one of each kind");
    assert_eq!(application.revision, 1);
});

on_both!(nodes_make_the_next_keys_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given(&world, &wiki()).await;
    let other = world.another_node(database).await;
    world.later(Span::days(89));
    let (here, there) = tokio::join!(world.app.work_once(), other.work_once());
    here.unwrap();
    there.unwrap();
    let kept: Vec<i64> = world.app.store().query("SELECT count(*) FROM oidc_key", Vec::new()).await.unwrap();
    assert_eq!(kept, [4]);
});

on_both!(the_secret_before_is_taken_for_as_long_as_said, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let form = OidcForm { client: "confidential".into(), ..wiki() };
    let (application, old) = world.app.create_oidc_application(&granted(), &form).await.unwrap();
    let (id, old) = (application.id, old.unwrap());
    let new = world.app.replace_application_secret(&granted(), (id, 2)).await.unwrap();
    for hours in [169, -1] {
        let refused = world.app.replace_application_secret(&granted(), (id, hours)).await.unwrap_err();
        assert_eq!(refused_fields(refused), ["hours"]);
    }
    assert!(client(&world, &application, Some(&old)).await.is_some());
    world.later(Span::hours(2));
    assert!(client(&world, &application, Some(&old)).await.is_none());
    assert!(client(&world, &application, Some(&new)).await.is_some());
    assert!(client(&world, &application, None).await.is_none());
    let shown = world.app.application_secret(&granted(), id).await.unwrap().unwrap();
    assert_eq!((shown.made_at, shown.old_until), (Some(START), None));
    let public = OidcForm { client: "public".into(), ..form.clone() };
    world.app.edit_oidc_application(&granted(), id, &public).await.unwrap();
    world.app.edit_oidc_application(&granted(), id, &form).await.unwrap();
    assert!(client(&world, &application, Some(&new)).await.is_none(), "it was forgotten");
});

on_both!(a_form_is_refused_with_each_field_that_is_wrong, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, _) = given(&world, &wiki()).await;
    let claim =
        |name: &str| AttributeForm { name: name.into(), source: "email".into(), constant: String::new() };
    for (form, fields) in [
        (wiki(), vec!["name"]),
        (OidcForm { name: "x".into(), redirects: " ".into(), ..wiki() }, vec!["redirects"]),
        (OidcForm { name: "x".into(), redirects: "http://x.example".into(), ..wiki() }, vec!["redirects"]),
        (OidcForm { name: "x".into(), after_log_out: "x".into(), ..wiki() }, vec!["after_log_out"]),
        (OidcForm { name: "x".into(), start: "javascript:x".into(), ..wiki() }, vec!["start"]),
        (OidcForm { name: "x".into(), scopes: vec!["admin".into()], ..wiki() }, vec!["scopes"]),
        (OidcForm { name: "x".into(), scopes: vec!["openid".into()], ..wiki() }, vec!["scopes"]),
        (OidcForm { name: "x".into(), claims: vec![claim("sub")], ..wiki() }, vec!["claims"]),
        (OidcForm { name: "x".into(), claims: vec![claim("a"), claim("a")], ..wiki() }, vec!["claims"]),
        (OidcForm { name: "x".into(), signed: "none".into(), ..wiki() }, vec!["signed"]),
        (
            OidcForm { name: "".into(), client: "x".into(), refresh: "x".into(), ..wiki() },
            vec!["name", "client", "refresh"],
        ),
    ] {
        let refused = world.app.create_oidc_application(&granted(), &form).await.unwrap_err();
        assert_eq!(refused_fields(refused), fields, "{form:?}");
    }
    assert_eq!(
        OidcForm::of(&application).unwrap(),
        OidcForm {
            access: "enabled".into(),
            tile: "shown".into(),
            fresh_code: "not_asked".into(),
            signed: "RS256".into(),
            ..wiki()
        }
    );
    let other = crate::applications::given(&world, &wiki_named("Saml")).await.0;
    assert!(
        world
            .app
            .edit_oidc_application(&granted(), other.id, &OidcForm { name: "y".into(), ..wiki() })
            .await
            .is_err()
    );
    assert!(world.app.edit_application(&granted(), application.id, &wiki_named("z")).await.is_err());
});
