//! Recovery codes, replacing a factor and "It was not me", as pages.

use crate::*;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use claviger_domain::{
    permission::{Actor, Granted, ManageOrganization, Who},
    totp::{Step, TotpSecret},
};
use claviger_testing::{TestDatabase, on_both};
use serde_json::json;

const PASSWORD: &str = "wandering+seal+41+plum";

/// A browser that keeps its session cookie.
struct Browser<'a> {
    site: &'a Site,
    cookie: String,
}

impl Browser<'_> {
    async fn send(&mut self, request: Request<Body>) -> Answer {
        let (mut parts, body) = request.into_parts();
        parts.headers.insert(header::COOKIE, self.cookie.parse().unwrap());
        let answer = self.site.send(Request::from_parts(parts, body)).await;
        for set in answer.head.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            if set.starts_with("__Host-claviger_user=") {
                self.cookie = set.split(';').next().unwrap().to_owned();
            }
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&mut self, path: &str, body: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post(path).header(header::CONTENT_TYPE, kind);
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

/// Somebody whose password is set, on the way in.
async fn newcomer<'a>(site: &'a Site, name: &str) -> Browser<'a> {
    let email = format!("{name}@acme.test");
    let user = json!({ "username": name, "email": email, "activate": true, "mfa": { "enrollment_days": 7 } });
    let made = site.call(axum::http::Method::POST, "/users", Some(user)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    let granted: Granted<ManageOrganization> = host.granted().unwrap();
    let mails = site.app.mail_queue(&granted, 100).await.unwrap();
    let mut links = mails.into_iter().filter(|queued| queued.mail.recipient == email);
    let link = links.find_map(|queued| queued.link.filter(|link| link.contains("/register/"))).unwrap();
    let mut browser = Browser { site, cookie: "none=1".into() };
    let path = link.strip_prefix("https://sso.acme.test").unwrap();
    let set = browser.post(path, &format!("password={PASSWORD}")).await;
    assert_eq!((set.status, set.header("location")), (StatusCode::SEE_OTHER, "/enroll"));
    browser
}

/// The key that the page of the QR code shows, and the code of a step from now.
async fn scan(browser: &mut Browser<'_>) -> TotpSecret {
    let page = browser.get("/enroll/scan").await;
    let key = page.text.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap();
    TotpSecret::new(data_encoding::BASE32_NOPAD.decode(key.as_bytes()).unwrap())
}

fn code(site: &Site, secret: &TotpSecret, later: i64) -> String {
    format!("{:06}", secret.code(Step(Step::at(site.app.now()).0 + later)))
}

fn codes_on(page: &Answer) -> Vec<String> {
    let items = page.text.split("<li><code>").skip(1);
    items.map(|item| item.split('<').next().unwrap().to_owned()).collect()
}

/// Through the wizard, with one code before the present one, so that the present one is left to be used.
async fn enrolled(browser: &mut Browser<'_>) -> (TotpSecret, Answer) {
    let started = browser.post("/enroll/start", "path=app").await;
    assert_eq!(started.header("location"), "/enroll/scan");
    let secret = scan(browser).await;
    let body = format!("code={}", code(browser.site, &secret, -1));
    let done = browser.post("/enroll/code", &body).await;
    (secret, done)
}

on_both!(recovery_codes_are_on_the_answer_of_the_wizard_and_nowhere_else, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let mut alice = newcomer(&site, "alice").await;
    let (_, done) = enrolled(&mut alice).await;
    assert_eq!((done.status, done.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(done.text.contains("MFA setup is complete") && done.text.contains("I saved them"));
    let codes = codes_on(&done);
    assert_eq!(codes.len(), 10);
    for path in ["/", "/security", "/security/recovery-codes", "/enroll/done"] {
        let page = alice.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(codes.iter().all(|code| !page.text.contains(code)), "{path}");
    }
    assert!(alice.get("/security").await.text.contains("10 recovery codes left"));
});

on_both!(a_recovery_code_signs_in_from_its_own_page, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let mut alice = newcomer(&site, "alice").await;
    let codes = codes_on(&enrolled(&mut alice).await.1);
    let code = codes.first().unwrap();
    let mut elsewhere = Browser { site: &site, cookie: "none=1".into() };
    elsewhere.post("/sign-in", &format!("identifier=alice&password={PASSWORD}")).await;
    assert!(elsewhere.get("/sign-in/code").await.text.contains("href=\"/sign-in/recovery-code\""));
    assert_eq!(elsewhere.get("/sign-in/recovery-code").await.status, StatusCode::OK);
    for wrong in ["", "123456", "0000-0000-0000-0000"] {
        let refused = elsewhere.post("/sign-in/recovery-code", &format!("recovery_code={wrong}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(wrong.is_empty() || !refused.text.contains(wrong), "what was typed is not shown again");
    }
    let typed = code.to_lowercase().replace('-', "+");
    let entered = elsewhere.post("/sign-in/recovery-code", &format!("recovery_code={typed}")).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert!(elsewhere.get("/security").await.text.contains("Recovery code used"));
});

on_both!(while_recovery_codes_are_off_nothing_leads_to_them, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let off = json!({ "recovery_codes": false });
    let answer = site.call(axum::http::Method::PATCH, "/organization", Some(off)).await;
    assert_eq!(answer.json()["recovery_codes"], false);
    let mut alice = newcomer(&site, "alice").await;
    let (_, done) = enrolled(&mut alice).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/enroll/done"));
    assert!(!alice.get("/security").await.text.contains("ecovery code"));
    let mut elsewhere = Browser { site: &site, cookie: "none=1".into() };
    elsewhere.post("/sign-in", &format!("identifier=alice&password={PASSWORD}")).await;
    assert!(!elsewhere.get("/sign-in/code").await.text.contains("recovery-code"));
    assert_eq!(elsewhere.get("/sign-in/recovery-code").await.header("location"), "/sign-in/code");
});

on_both!(the_wizard_of_a_replacement_begins_with_password_and_code, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let mut alice = newcomer(&site, "alice").await;
    let (old, _) = enrolled(&mut alice).await;
    for path in ["/enroll", "/enroll/scan", "/enroll/code"] {
        assert_eq!(alice.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(alice.post("/enroll/start", "path=app").await.status, StatusCode::CONFLICT);
    assert_eq!(alice.get("/security/mfa/replace").await.status, StatusCode::OK);
    let right = code(&site, &old, 0);
    for body in
        [format!("current_password=wrong&code={right}"), format!("current_password={PASSWORD}&code=000000")]
    {
        let refused = alice.post("/security/mfa/replace", &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!refused.text.contains(&right) && !refused.text.contains("value=\"wandering"));
    }
    let body = format!("current_password={PASSWORD}&code={right}");
    let begun = alice.post("/security/mfa/replace", &body).await;
    assert_eq!((begun.status, begun.header("location")), (StatusCode::SEE_OTHER, "/enroll/scan"));
    let new = scan(&mut alice).await;
    let done = alice.post("/enroll/code", &format!("code={}", code(&site, &new, 0))).await;
    assert_eq!((done.status, codes_on(&done).len()), (StatusCode::OK, 10));
    assert_eq!(
        alice.post("/security/mfa/remove", &body).await.status,
        StatusCode::CONFLICT,
        "MFA is required"
    );
});

on_both!(a_dead_link_of_not_me_says_so_and_asks_for_nothing, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    for path in ["/not-me/unknown", "/admin/not-me/unknown"] {
        let page = site.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!page.text.contains("<form"), "{path}");
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let posted = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(posted.status, StatusCode::NOT_FOUND, "{path}");
    }
});
