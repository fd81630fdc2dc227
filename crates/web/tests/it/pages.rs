use crate::*;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};

fn form(path: &str, origin: Option<&str>, body: &'static str) -> Request<Body> {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    request.body(Body::from(body)).unwrap()
}

on_both!(until_it_is_set_up_nothing_else_can_be_reached, async |database: &TestDatabase| {
    let site = Site::fresh(database).await;
    for path in ["/", "/admin", "/sign-in", "/admin/users", "/register/x", "/nonsense"] {
        assert_eq!(site.get(path).await.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(site.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(site.get("/readyz").await.status, StatusCode::OK);
    let link = site.app.setup_link().await.unwrap().unwrap();
    let path = link.strip_prefix("https://sso.acme.test").unwrap();
    assert_eq!(site.get(path).await.status, StatusCode::OK);
    assert_eq!(site.get("/setup/nonsense").await.status, StatusCode::NOT_FOUND);
});

on_both!(every_answer_forbids_what_pages_do_not_need, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    for path in
        ["/sign-in", "/admin/sign-in", "/nonsense", "/static/css/base.css", "/api/v1/users", "/healthz"]
    {
        let answer = site.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    assert_eq!(site.get("/sign-in").await.header("cache-control"), "no-store");
});

on_both!(pages_of_the_portals_lead_strangers_to_the_sign_in, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = [
        "/",
        "/security",
        "/security/mfa/replace",
        "/security/mfa/remove",
        "/security/mfa/resync",
        "/security/recovery-codes",
        "/profile",
        "/enroll",
        "/enroll/scan",
        "/sign-in/code",
        "/sign-in/recovery-code",
        "/sign-in/resync",
        "/sign-in/password",
    ];
    for path in user {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in"), "{path}");
    }
    let admin = [
        "/admin",
        "/admin/users",
        "/admin/users/new",
        "/admin/users/x",
        "/admin/users/x/activity",
        "/admin/users/x/delete",
        "/admin/users/x/mfa/reset",
        "/admin/mfa",
        "/admin/report",
        "/admin/report/drift",
        "/admin/report/evidence.csv",
        "/admin/report/evidence.html",
        "/admin/report/evidence-key.pem",
        "/admin/mfa/totp/disable",
        "/admin/settings/organization",
        "/admin/settings/email",
        "/admin/settings/email/queue",
        "/admin/settings/email/texts",
        "/admin/settings/email/texts/reminder",
        "/admin/account",
        "/admin/account/mfa/replace",
        "/admin/account/mfa/remove",
        "/admin/account/recovery-codes",
        "/admin/sign-in/recovery-code",
        "/admin/enroll",
    ];
    for path in admin {
        let answer = site.get(path).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, "/admin/sign-in"),
            "{path}"
        );
    }
});

on_both!(a_form_from_another_site_changes_nothing, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let body = "identifier=ada%40acme.test&password=wandering+seal+41+plum";
    let foreign = site.send(form("/admin/sign-in", Some("https://evil.test"), body)).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert!(foreign.header("set-cookie").is_empty());
    let ours = site.send(form("/admin/sign-in", Some("https://sso.acme.test"), body)).await;
    assert_eq!((ours.status, ours.header("location")), (StatusCode::SEE_OTHER, "/admin/enroll"));
    let cookie = ours.header("set-cookie");
    for part in ["__Host-claviger_admin=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
});

on_both!(a_theme_is_kept_and_leads_back_on_this_site, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    for (body, back) in [
        ("theme=dark&return=%2Fadmin%2Fusers%3Fsearch%3Da", "/admin/users?search=a"),
        ("theme=dark&return=%2F%2Fevil.test", "/"),
        ("theme=dark", "/"),
    ] {
        let chosen = site.send(form("/theme", None, body)).await;
        assert_eq!((chosen.status, chosen.header("location")), (StatusCode::SEE_OTHER, back));
        assert!(chosen.header("set-cookie").starts_with("claviger_theme=dark;"));
    }
});

on_both!(unknown_account_and_wrong_password_are_the_same_page, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let unknown = site.send(form("/admin/sign-in", None, "identifier=x%40acme.test&password=wrong")).await;
    let wrong = site.send(form("/admin/sign-in", None, "identifier=ada%40acme.test&password=wrong")).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(unknown.status, wrong.status);
    assert_eq!(unknown.text.replace("x@acme.test", ""), wrong.text.replace("ada@acme.test", ""));
    assert!(unknown.text.contains("That e-mail and password don&#39;t match."));
});

on_both!(a_form_that_is_none_is_refused, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let twice = site.send(form("/sign-in", None, "identifier=a&identifier=b&password=c")).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    let json = Request::post("/sign-in")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(site.send(json).await.status, StatusCode::BAD_REQUEST);
    let empty = site.send(form("/sign-in", None, "")).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
});

on_both!(metrics_count_routes_and_never_paths, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    site.get("/register/a-secret-token").await;
    site.send(Request::builder().method("BREW").uri("/sign-in").body(Body::empty()).unwrap()).await;
    let metrics = site.get("/metrics").await.text;
    assert!(
        metrics.contains("route=\"/register/{token}\"") && metrics.contains("method=\"OTHER\""),
        "{metrics}"
    );
    assert!(!metrics.contains("a-secret-token") && !metrics.contains("BREW"));
    assert!(metrics.ends_with("# EOF\n") && metrics.contains("store_syncs_total"));
});
