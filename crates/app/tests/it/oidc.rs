//! OpenID Connect behind the code, as time goes by: what lasts how long, and what the tokens say of a sign-in (S10.1).

use crate::{applications::actions, saml::code_session, *};
use claviger_app::{
    Token,
    applications::OidcForm,
    groups::GroupForm,
    oidc::{Authorized, Client, Credentials, TokenAnswer, Tokens, Userinfo},
    saml::{Entrance, Refused},
    session::{NewSession, Visit},
};
use claviger_domain::{
    application::{
        Application,
        oidc::request::Parameters,
        release::{Asked, Reason},
    },
    id::GroupId,
    secret::Secret,
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

const CALLBACK: &str = "https://wiki.example/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn wiki() -> OidcForm {
    OidcForm {
        name: "Wiki".into(),
        client: "public".into(),
        redirects: CALLBACK.into(),
        scopes: vec!["email".into()],
        refresh: "rotating".into(),
        ..OidcForm::default()
    }
}

pub(crate) async fn given(world: &World, form: &OidcForm) -> (Application, GroupId) {
    let (application, _) = world.app.create_oidc_application(&granted(), form).await.unwrap();
    let form = GroupForm { name: format!("Staff of {}", form.name), ..GroupForm::default() };
    let group = world.app.create_group(&granted(), &form).await.unwrap();
    world.app.assign_application(&granted(), (application.id, group.id)).await.unwrap();
    (application, group.id)
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    Parameters::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

async fn asked(world: &World, application: &Application, more: &[(&str, &str)]) -> String {
    let id = application.id.to_string();
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", id.as_str()),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email offline_access"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    pairs.extend(more);
    match world.app.receive_authorization(&parameters(&pairs), &origin()).await.unwrap() {
        Authorized::Pending(_, kept) => kept,
        other => panic!("{other:?}"),
    }
}

async fn at_door(world: &World, application: &Application, kept: &str, visit: &Visit) -> Entrance {
    world.app.enter_oidc_application((application.id, kept), visit, &origin()).await.unwrap()
}

async fn code(world: &World, application: &Application, session: &NewSession) -> String {
    let kept = asked(world, application, &[]).await;
    code_of(at_door(world, application, &kept, &world.visit(session).await).await)
}

fn code_of(entrance: Entrance) -> String {
    let Entrance::Go(address) = entrance else { panic!("{entrance:?}") };
    let (_, rest) = address.split_once("code=").unwrap_or_else(|| panic!("{address}"));
    rest.split('&').next().unwrap().to_owned()
}

pub(crate) async fn client(
    world: &World,
    application: &Application,
    secret: Option<&Token>,
) -> Option<Client> {
    let secret = secret.map(|secret| Secret::from(secret.expose()));
    let shown = Credentials { client_id: application.id.to_string(), secret };
    world.app.oidc_client(&shown).await.unwrap().ok()
}

async fn call(world: &World, application: &Application, pairs: &[(&str, &str)]) -> TokenAnswer {
    let client = client(world, application, None).await.unwrap();
    world.app.oidc_tokens(&client, &parameters(pairs), &origin()).await.unwrap()
}

async fn redeem(world: &World, application: &Application, code: &str) -> TokenAnswer {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    call(world, application, &pairs).await
}

async fn refresh(world: &World, application: &Application, tokens: &Tokens) -> TokenAnswer {
    let token = tokens.refresh.as_ref().unwrap().expose();
    call(world, application, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn is_told(world: &World, tokens: &Tokens) -> bool {
    let answer = world.app.oidc_userinfo(&Secret::from(tokens.access.expose())).await.unwrap();
    matches!(answer, Userinfo::Claims(_))
}

fn claims(tokens: &Tokens) -> Value {
    let part = tokens.id_token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

#[track_caller]
fn ended(answer: TokenAnswer) {
    assert_eq!(answer.unwrap_err().error, "invalid_grant");
}

/// Alice, who has the application and showed a code.
async fn alice_at(world: &World, group: GroupId) -> (claviger_domain::account::Account, NewSession) {
    let (alice, secret) = world.enrolled("alice").await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    (alice, code_session(world, "alice", &secret).await)
}

on_both!(tokens_say_that_a_code_was_shown_and_when, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (_, session) = alice_at(&world, group).await;
    let shown_at = world.app.now();
    world.later(Span::minutes(3));
    let tokens = redeem(&world, &application, &code(&world, &application, &session).await).await.unwrap();
    let told = claims(&tokens);
    assert_eq!(told["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(told["acr"], "https://refeds.org/profile/mfa");
    assert_eq!(told["auth_time"], shown_at.seconds());
    let wanted = [("acr_values", "urn:unknown urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken")];
    let kept = asked(&world, &application, &wanted).await;
    let code = code_of(at_door(&world, &application, &kept, &world.visit(&session).await).await);
    let tokens = redeem(&world, &application, &code).await.unwrap();
    assert_eq!(claims(&tokens)["acr"], "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken");
    world.later(Span::minutes(5));
    let later = refresh(&world, &application, &tokens).await.unwrap();
    assert_eq!(claims(&later)["auth_time"], shown_at.seconds(), "a refresh is no sign-in");
    assert_eq!(claims(&later)["acr"], claims(&tokens)["acr"]);
});

on_both!(a_password_alone_is_told_as_such_whatever_is_wanted, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    world.user("bob", None).await;
    world.app.add_member(&granted(), group, "bob").await.unwrap();
    let session = world.session("bob").await;
    let kept = asked(&world, &application, &[("acr_values", "https://refeds.org/profile/mfa")]).await;
    let code = code_of(at_door(&world, &application, &kept, &world.visit(&session).await).await);
    let told = claims(&redeem(&world, &application, &code).await.unwrap());
    assert_eq!(told["amr"], serde_json::json!(["pwd"]));
    assert_eq!(told["acr"], "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport");
});

on_both!(a_code_is_good_for_a_minute_and_a_token_for_ten, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (alice, session) = alice_at(&world, group).await;
    let late = code(&world, &application, &session).await;
    world.later(Span::seconds(61));
    ended(redeem(&world, &application, &late).await);
    let right = code(&world, &application, &session).await;
    world.later(Span::seconds(60));
    let tokens = redeem(&world, &application, &right).await.unwrap();
    world.later(Span::minutes(10));
    assert!(!is_told(&world, &tokens).await);
    let next = refresh(&world, &application, &tokens).await.unwrap();
    world.later(Span::seconds(599));
    assert!(is_told(&world, &next).await);
    let logged = actions(&world, &alice.id.to_string()).await;
    assert!(logged.contains(&("application.token".into(), "too_late".into())), "{logged:?}");
});

on_both!(what_an_application_holds_ends_with_the_session, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (_, session) = alice_at(&world, group).await;
    let tokens = redeem(&world, &application, &code(&world, &application, &session).await).await.unwrap();
    world.later(Span::hours(2));
    let tokens = refresh(&world, &application, &tokens).await.unwrap();
    assert!(is_told(&world, &tokens).await, "the portal may rest while the application works");
    world.later(Span::hours(10));
    ended(refresh(&world, &application, &tokens).await);
    world.app.work_once().await.unwrap();
    let kept: Vec<i64> =
        world.app.store().query("SELECT count(*) FROM oidc_token", Vec::new()).await.unwrap();
    assert_eq!(kept, [0]);
});

on_both!(a_reset_of_mfa_ends_what_an_application_holds, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (alice, session) = alice_at(&world, group).await;
    let tokens = redeem(&world, &application, &code(&world, &application, &session).await).await.unwrap();
    let waiting = code(&world, &application, &session).await;
    world.app.reset_mfa(&granted(), alice.id, days(7), "lost phone").await.unwrap();
    assert!(!is_told(&world, &tokens).await);
    ended(refresh(&world, &application, &tokens).await);
    ended(redeem(&world, &application, &waiting).await);
});

on_both!(whoever_is_asked_anew_shows_a_code_first, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (_, secret) = world.enrolled("alice").await;
    world.app.add_member(&granted(), group, "alice").await.unwrap();
    let session = code_session(&world, "alice", &secret).await;
    world.later(Span::minutes(2));
    for more in
        [[("prompt", "login")], [("max_age", "60")], [("max_age", "0")], [("prompt", "select_account")]]
    {
        let kept = asked(&world, &application, &more).await;
        let entrance = at_door(&world, &application, &kept, &world.visit(&session).await).await;
        assert!(matches!(entrance, Entrance::Show { asked: Asked::Code, .. }), "{more:?}: {entrance:?}");
    }
    let silent = asked(&world, &application, &[("prompt", "none"), ("max_age", "60")]).await;
    let entrance = at_door(&world, &application, &silent, &world.visit(&session).await).await;
    assert!(
        matches!(&entrance, Entrance::Go(address) if address.contains("error=login_required")),
        "{entrance:?}"
    );
    let anew = asked(&world, &application, &[("prompt", "login")]).await;
    let me = world.signed_in(&session).await;
    world.app.show_again(&me, &Secret::from(world.code_now(&secret).as_str())).await.unwrap();
    let tokens = code_of(at_door(&world, &application, &anew, &world.visit(&session).await).await);
    let tokens = redeem(&world, &application, &tokens).await.unwrap();
    assert_eq!(claims(&tokens)["auth_time"], world.app.now().seconds());
});

on_both!(
    a_code_that_gets_old_ends_refreshes_where_the_application_wants_a_fresh_one,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let form = OidcForm { fresh_code: "older_than".into(), fresh_minutes: "30".into(), ..wiki() };
        let (application, group) = given(&world, &form).await;
        let (_, session) = alice_at(&world, group).await;
        let tokens = redeem(&world, &application, &code(&world, &application, &session).await).await.unwrap();
        world.later(Span::minutes(30));
        let tokens = refresh(&world, &application, &tokens).await.unwrap();
        world.later(Span::seconds(1));
        assert!(!is_told(&world, &tokens).await);
        ended(refresh(&world, &application, &tokens).await);
    }
);

on_both!(a_hint_of_somebody_else_lets_nobody_in, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (_, session) = alice_at(&world, group).await;
    let tokens = redeem(&world, &application, &code(&world, &application, &session).await).await.unwrap();
    world.user("bob", None).await;
    world.app.add_member(&granted(), group, "bob").await.unwrap();
    let bob = world.visit(&world.session("bob").await).await;
    let hint = [("id_token_hint", tokens.id_token.as_str())];
    let kept = asked(&world, &application, &hint).await;
    let entrance = at_door(&world, &application, &kept, &bob).await;
    assert!(matches!(entrance, Entrance::Refused { why: Refused::OtherPerson, .. }), "{entrance:?}");
    let kept = asked(&world, &application, &[hint[0], ("prompt", "none")]).await;
    let entrance = at_door(&world, &application, &kept, &bob).await;
    assert!(
        matches!(&entrance, Entrance::Go(address) if address.contains("error=login_required")),
        "{entrance:?}"
    );
});

on_both!(whoever_is_locked_out_gets_a_page_and_loses_what_was_given, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let carol = world.user("carol", Some(1)).await;
    world.app.add_member(&granted(), group, "carol").await.unwrap();
    world.later(Span::minutes(24 * 60 - 20));
    let session = world.app.put_off(&world.half("carol").await).await.unwrap();
    let code = code(&world, &application, &session).await;
    let tokens = redeem(&world, &application, &code).await.unwrap();
    world.later(Span::minutes(21));
    assert!(!is_told(&world, &tokens).await);
    ended(refresh(&world, &application, &tokens).await);
    let kept = asked(&world, &application, &[]).await;
    let entrance = at_door(&world, &application, &kept, &world.visit(&session).await).await;
    let why = Refused::Reason(Reason::LockedOut { since: START.plus(Span::days(1)) });
    assert!(matches!(&entrance, Entrance::Refused { why: told, .. } if *told == why), "{entrance:?}");
    let logged = actions(&world, &carol.id.to_string()).await;
    assert!(logged.contains(&("application.token".into(), "locked_out".into())), "{logged:?}");
});

on_both!(a_request_waits_for_half_an_hour, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (_, session) = alice_at(&world, group).await;
    let kept = asked(&world, &application, &[]).await;
    assert!(matches!(at_door(&world, &application, &kept, &Visit::Stranger).await, Entrance::SignIn));
    world.later(Span::minutes(31));
    let entrance = at_door(&world, &application, &kept, &world.visit(&session).await).await;
    assert!(matches!(entrance, Entrance::Stale), "{entrance:?}");
});

on_both!(what_is_deleted_takes_its_tokens_along, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (application, group) = given(&world, &wiki()).await;
    let (_, session) = alice_at(&world, group).await;
    let tokens = redeem(&world, &application, &code(&world, &application, &session).await).await.unwrap();
    world.app.delete_application(&granted(), application.id).await.unwrap();
    assert!(!is_told(&world, &tokens).await);
    assert!(client(&world, &application, None).await.is_none());
    for sql in ["SELECT count(*) FROM oidc_grant", "SELECT count(*) FROM oidc_token"] {
        let kept: Vec<i64> = world.app.store().query(sql, Vec::new()).await.unwrap();
        assert_eq!(kept, [0], "{sql}");
    }
});
