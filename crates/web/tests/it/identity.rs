//! Verify Your Identity, step-up and resets of administrators' MFA, as pages (S6.8).

use crate::*;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use claviger_domain::totp::{Step, TotpSecret};
use claviger_store::{Batch, Commit, Statement, p};
use claviger_testing::{TestDatabase, on_both};

pub(crate) const SIGN_IN: &str = "identifier=ada%40acme.test&password=wandering+seal+41+plum";
const SECTION: &str = "/admin/settings/security/resets";
/// SHA-256 of `known`.
const KNOWN: &str = "7117fff2d0fd294462b3c802b7cb8753579f23f3946b99cf55f38e873f013f10";

/// A browser that keeps its session cookie.
pub(crate) struct Browser<'a> {
    site: &'a Site,
    pub(crate) cookie: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(site: &'a Site) -> Self {
        Self { site, cookie: "none=1".into() }
    }

    async fn send(&mut self, request: Request<Body>) -> Answer {
        let answer = self.site.send(request).await;
        for set in answer.head.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            if set.starts_with("__Host-claviger_admin=") {
                self.cookie = set.split(';').next().unwrap().to_owned();
            }
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Answer {
        let request = form(path, &self.cookie, body);
        self.send(request).await
    }

    /// Through the wizard, with the code of a step before or after the present one.
    pub(crate) async fn set_up(&mut self, step: i64) -> (TotpSecret, Answer) {
        assert_eq!(
            self.post("/admin/enroll/start", "path=app").await.header("location"),
            "/admin/enroll/scan"
        );
        let page = self.get("/admin/enroll/scan").await;
        let key = page.text.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap();
        let secret = TotpSecret::new(data_encoding::BASE32_NOPAD.decode(key.as_bytes()).unwrap());
        let body = format!("code={}", code(self.site, &secret, step));
        let done = self.post("/admin/enroll/code", &body).await;
        (secret, done)
    }
}

fn code(site: &Site, secret: &TotpSecret, later: i64) -> String {
    format!("{:06}", secret.code(Step(Step::at(site.app.now()).0 + later)))
}

async fn change(site: &Site, statement: Statement) {
    assert_eq!(site.app.store().commit(Batch::of([statement])).await.unwrap(), Commit::Committed);
}

/// As if what sessions have shown were long ago.
pub(crate) async fn age(site: &Site) {
    change(site, Statement::new("UPDATE session SET proven_at = 0", p![])).await;
}

/// Gives the mailed link a token that the test knows.
pub(crate) async fn know_the_link(site: &Site) {
    const SQL: &str = "UPDATE link SET token_hash = $1 WHERE purpose = 'mfa_reset' AND used_at IS NULL";
    let hash = data_encoding::HEXLOWER.decode(KNOWN.as_bytes()).unwrap();
    change(site, Statement::new(SQL, p![hash]).expect_rows(1)).await;
}

/// Ada with an authenticator, at the page for the code.
pub(crate) async fn at_the_code(site: &Site) -> (Browser<'_>, TotpSecret) {
    let mut ada = Browser::new(site);
    assert_eq!(ada.post("/admin/sign-in", SIGN_IN).await.header("location"), "/admin/enroll");
    let (secret, _) = ada.set_up(-1).await;
    let mut again = Browser::new(site);
    assert_eq!(again.post("/admin/sign-in", SIGN_IN).await.header("location"), "/admin/sign-in/code");
    (again, secret)
}

on_both!(a_page_that_asks_for_a_fresh_code_leads_there_and_back, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (mut ada, secret) = at_the_code(&site).await;
    let entered = ada.post("/admin/sign-in/code", &format!("code={}", code(&site, &secret, 0))).await;
    assert_eq!(entered.header("location"), "/admin");
    assert_eq!(ada.get("/admin/settings/email").await.status, StatusCode::OK);
    age(&site).await;
    for path in ["/admin/settings/email", "/admin/settings/organization", "/admin/mfa/totp/disable", SECTION]
    {
        let led = ada.get(path).await;
        let to = format!("/admin/step-up?return={}", path.replace('/', "%2F"));
        assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, to.as_str()));
    }
    assert_eq!(ada.get("/admin/users").await.status, StatusCode::OK, "looking asks for nothing");
    let page = ada.get("/admin/step-up?return=%2Fadmin%2Fsettings%2Femail").await;
    assert!(page.text.contains("value=\"/admin/settings/email\"") && page.text.contains("id=\"code\""));
    let wrong = ada.post("/admin/step-up", "return=%2Fadmin%2Fsettings%2Femail&code=000000").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("id=\"code-error\"") && wrong.text.contains("value=\"/admin/settings/email\"")
    );
    let right = format!("return=%2Fadmin%2Fsettings%2Femail&code={}", code(&site, &secret, 1));
    let back = ada.post("/admin/step-up", &right).await;
    assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, "/admin/settings/email"));
    assert_eq!(ada.get("/admin/settings/email").await.status, StatusCode::OK);
    let outside = ada.get("/admin/step-up?return=https%3A%2F%2Fevil.test%2Fadmin").await;
    assert!(outside.text.contains("value=\"/admin\"") && !outside.text.contains("evil.test"));
});

on_both!(a_form_that_is_sent_too_late_loses_nothing, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let made = site
        .call(
            axum::http::Method::POST,
            "/users",
            Some(serde_json::json!({ "username": "bob", "email": "bob@acme.test" })),
        )
        .await;
    let path = format!("/admin/users/{}", made.json()["id"].as_str().unwrap());
    age(&site).await;
    let typed =
        "username=bob&email=bob%40acme.test&first_name=Robert&require_mfa=on&enrollment_days=9&shown_days=7";
    let again = site.send(form(&path, &cookie, typed)).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.text.contains("value=\"Robert\"") && again.text.contains("fresh code"), "{}", again.text);
    let harmless = "username=bob&email=bob%40acme.test&first_name=Robert&shown_days=7&enrollment_days=7";
    assert_eq!(site.send(form(&path, &cookie, harmless)).await.status, StatusCode::SEE_OTHER);
    let mut enable = form("/admin/mfa/totp/enable", &cookie, "");
    let referer = "https://sso.acme.test/admin/mfa".parse().unwrap();
    enable.headers_mut().insert(header::REFERER, referer);
    let led = site.send(enable).await;
    assert_eq!(led.header("location"), "/admin/step-up?return=%2Fadmin%2Fmfa");
    let asked = page(&site, &cookie, "/admin/step-up").await;
    assert!(asked.text.contains("id=\"current_password\"") && !asked.text.contains("id=\"code\""));
    let right = "return=%2Fadmin%2Fmfa&current_password=wandering+seal+41+plum";
    let wrong = site.send(form("/admin/step-up", &cookie, "current_password=wrong")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.send(form("/admin/step-up", &cookie, right)).await.header("location"), "/admin/mfa");
    assert_eq!(site.send(form(&path, &cookie, typed)).await.status, StatusCode::SEE_OTHER);
});

on_both!(reset_or_enroll_leads_over_a_mailed_link_to_a_new_authenticator, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (mut ada, old) = at_the_code(&site).await;
    let page = ada.get("/admin/sign-in/code").await;
    assert!(page.text.contains("Verify Your Identity") && page.text.contains("Reset or enroll"));
    let asked = ada.post("/admin/sign-in/reset", "").await;
    assert!(asked.status == StatusCode::OK && asked.text.contains("Check your mail"));
    know_the_link(&site).await;
    let mut elsewhere = Browser::new(&site);
    let link = "/admin/reset-mfa/known";
    assert!(elsewhere.get(link).await.text.contains("Set Up MFA"));
    assert_eq!(elsewhere.get("/admin/reset-mfa/unknown").await.status, StatusCode::NOT_FOUND);
    for (body, words) in [
        ("identifier=&password=", "Enter your e-mail."),
        ("identifier=ada%40acme.test&password=wrong", "match this link"),
        ("identifier=bea%40acme.test&password=wandering+seal+41+plum", "match this link"),
    ] {
        let refused = elsewhere.post(link, body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(refused.text.contains(words) && !refused.text.contains("value=\"wandering"), "{body}");
    }
    assert_eq!(elsewhere.post(link, SIGN_IN).await.header("location"), "/admin/enroll");
    assert_eq!(elsewhere.get("/admin").await.header("location"), "/admin/enroll", "nothing else opens");
    assert!(elsewhere.get("/admin/enroll").await.text.contains("I have an app"));
    let (_, done) = elsewhere.set_up(0).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.text.contains("MFA reset was successful"), "{}", done.text);
    assert_eq!(elsewhere.get("/admin/account").await.status, StatusCode::OK);
    let dead = elsewhere.post(link, SIGN_IN).await;
    assert!(dead.status == StatusCode::NOT_FOUND && dead.text.contains("This link is dead"));
    let gone = ada.post("/admin/sign-in/code", &format!("code={}", code(&site, &old, 0))).await;
    assert_eq!(gone.header("location"), "/admin/sign-in", "every other session has ended");
});

on_both!(the_settings_switch_the_link_off_or_delay_it, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (mut ada, secret) = at_the_code(&site).await;
    let mut inside = Browser::new(&site);
    inside.post("/admin/sign-in", SIGN_IN).await;
    inside.post("/admin/sign-in/code", &format!("code={}", code(&site, &secret, 0))).await;
    let shown = inside.get(SECTION).await;
    assert!(shown.text.contains("value=\"on\" checked") && shown.text.contains("It takes two"));
    for (body, id) in [
        ("self_reset=delay&self_reset_hours=73&reset_approval=off", "self_reset_hours-error"),
        ("self_reset=24&reset_approval=off", "self_reset-error"),
        ("self_reset=on&reset_approval=perhaps", "reset_approval-error"),
    ] {
        let refused = inside.post(SECTION, body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(refused.text.contains(&format!("id=\"{id}\"")), "{body}: {}", refused.text);
    }
    let off = inside.post(SECTION, "self_reset=off&self_reset_hours=24&reset_approval=on").await;
    assert_eq!(off.header("location"), "/admin/settings/security");
    assert!(!ada.get("/admin/sign-in/code").await.text.contains("Reset or enroll"));
    let refused = ada.post("/admin/sign-in/reset", "").await;
    assert!(refused.status == StatusCode::CONFLICT && refused.text.contains("Ask another administrator"));
    let delayed = "self_reset=delay&self_reset_hours=24&reset_approval=on";
    assert_eq!(inside.post(SECTION, delayed).await.status, StatusCode::SEE_OTHER);
    ada.post("/admin/sign-in/reset", "").await;
    know_the_link(&site).await;
    let asked = Browser::new(&site).post("/admin/reset-mfa/known", SIGN_IN).await;
    assert!(asked.status == StatusCode::OK && asked.text.contains("Your reset is asked for"));
    assert!(inside.get("/admin").await.text.contains("1 reset of an administrator"));
    let list = inside.get("/admin/resets").await;
    let cancel = list.text.split("href=\"").find(|part| part.contains("/cancel\"")).unwrap();
    let cancel = cancel.split('"').next().unwrap().to_owned();
    assert!(list.text.contains("ada@acme.test") && !list.text.contains("/approve\""));
    assert!(inside.get(&cancel).await.text.contains("Cancel the reset"));
    assert_eq!(inside.post(&cancel, "").await.header("location"), "/admin/resets");
    assert_eq!(inside.post(&cancel, "").await.status, StatusCode::CONFLICT);
    assert!(inside.get("/admin/resets").await.text.contains("No reset waits."));
});
