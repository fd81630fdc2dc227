//! One sentence after a redirect: a word in a cookie, the sentence here, so that no cookie can put words on a page.

use crate::{Web, cookies::cookie, view::Flash};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use std::convert::Infallible;

const COOKIE: &str = "claviger_flash";

const SENTENCES: &[(&str, &str, &str)] = &[
    ("saved", "success", "Your changes were saved."),
    ("user_created", "success", "The user was created."),
    ("job_started", "success", "The job is started. It goes on if you leave this page."),
    ("job_canceled", "warning", "The job is stopped. What was done stays done."),
    ("import_read", "success", "The file was read. Nothing is written yet."),
    (
        "import_read_partly",
        "warning",
        "The file was read. Columns that are not understood are left out. Nothing is written yet.",
    ),
    ("group_created", "success", "The group was made."),
    ("group_deleted", "success", "The group was deleted. Its members stay as they are."),
    ("member_added", "success", "The user is a member now."),
    ("device_mfa_on", "success", "MFA is switched on. The device takes it up at its next contact."),
    ("device_mfa_off", "warning", "MFA is switched off. The device takes it up at its next contact."),
    ("device_mfa_confirmed", "success", "Confirmed. The device keeps MFA on."),
    ("device_deleted", "success", "The device was deleted."),
    ("device_bound", "success", "Bound. The device makes the account at its next contact."),
    ("device_unbound", "success", "Unbound. The device locks the account at its next contact."),
    ("device_taken_over", "success", "Confirmed. The device takes the account over at its next contact."),
    ("device_joined", "success", "The device is in the group now."),
    ("device_left", "success", "The device is out of the group."),
    ("device_group_deleted", "success", "The group was deleted. Its devices stay as they are."),
    ("group_bound", "success", "Bound. Each of its members gets an account on each of the devices."),
    ("group_unbound", "success", "Unbound. Accounts that nothing else binds are locked."),
    ("policy_created", "success", "The policy was made. Bind it to devices, and they apply it at once."),
    ("policy_deleted", "success", "The policy was deleted. Devices put back what was there before."),
    ("policy_bound", "success", "Bound. Devices apply it at their next contact."),
    ("policy_unbound", "success", "Unbound. Devices put back what was there before."),
    ("command_created", "success", "The command was made. Give it to devices, then run it."),
    ("command_deleted", "success", "The command was deleted. What came of its runs stays."),
    ("command_bound", "success", "They have the command now. It runs when you say so."),
    ("command_unbound", "success", "They don't have the command any more. Runs that were asked for go on."),
    ("command_run", "success", "It runs. Devices that are away take it up when they are back."),
    (
        "command_canceled",
        "warning",
        "The run is canceled. It ends where it goes on, and begins nowhere any more.",
    ),
    ("remembered_revoked", "success", "Revoked. A code is asked for at the next login."),
    ("connect_key_revoked", "success", "The key was revoked. It enrolls no device any more."),
    ("ssh_key_added", "success", "The key was added."),
    ("ssh_key_removed", "success", "The key was removed."),
    ("user_activated", "success", "The user is activated."),
    ("user_suspended", "success", "The user is suspended. Their sessions have ended."),
    ("user_deleted", "success", "The user was deleted."),
    ("user_unlocked", "success", "The user is unlocked."),
    ("activation_sent", "success", "A new activation e-mail is on its way. The old link is dead."),
    ("password_reset", "success", "The user must choose a new password. A link is on its way."),
    ("password_set", "success", "The password is set. The user must change it at the first sign-in."),
    ("mfa_required", "success", "MFA is required. The user is told by e-mail."),
    ("mfa_removed", "success", "MFA is no longer required."),
    ("mfa_extended", "success", "The enrollment period was extended. The user is told by e-mail."),
    ("mfa_reset", "success", "MFA was reset. The user is told by e-mail."),
    ("token_assigned", "success", "The token is assigned. The user is told by e-mail."),
    ("token_waits", "success", "The token is assigned. The user is asked for its code when they set MFA up."),
    ("token_returned", "success", "The token is in stock again."),
    ("token_deleted", "success", "The token was deleted."),
    ("totp_enabled", "success", "TOTP is enabled."),
    ("totp_disabled", "warning", "TOTP is disabled. All administrators are told by e-mail."),
    (
        "administrator_created",
        "success",
        "The administrator was made. A link to choose a password is on its way.",
    ),
    ("administrator_activated", "success", "The administrator is activated."),
    ("administrator_suspended", "success", "The administrator is suspended. Their sessions have ended."),
    ("administrator_deleted", "success", "The administrator was deleted."),
    (
        "administrator_invited",
        "success",
        "A new link to choose a password is on its way. The old link is dead.",
    ),
    ("administrator_unlocked", "success", "The administrator is unlocked."),
    ("administrator_mfa_reset", "success", "MFA was reset. The administrator is told by e-mail."),
    ("administrators_required", "success", "MFA is required of them. They are told by e-mail."),
    ("administrators_all_required", "success", "MFA is required of every administrator, now and later."),
    ("administrators_each", "warning", "The Global MFA Requirement is off. Everybody stays required."),
    ("widgets_chosen", "success", "Your Home shows what you chose."),
    ("test_sent", "success", "The mail server took the test mail."),
    ("stream_tested", "success", "The test was taken."),
    ("stream_test_sent", "success", "The test was sent. Over UDP nobody says whether it arrived."),
    ("mail_text_restored", "success", "The mail says its original words again."),
    ("logo_saved", "success", "The logo is in its place."),
    ("logo_removed", "success", "The logo is gone."),
    ("mail_retried", "success", "The mail is being sent again."),
    ("password_changed", "success", "Your password was changed. Your other sessions have ended."),
    ("own_mfa_reset", "success", "MFA reset was successful. Your other sessions have ended."),
    ("reset_canceled", "success", "The reset is canceled. They are told by e-mail."),
    ("reset_approved", "success", "MFA was reset. They are told by e-mail."),
    (
        "reset_asked",
        "success",
        "The reset is asked for. Another administrator must approve it within 24 hours.",
    ),
    ("own_mfa_removed", "success", "MFA was removed. Your other sessions have ended."),
    ("resynced", "success", "Your codes are in step again and are accepted from now on."),
    ("drift_forgotten", "success", "What was learned of the clock is forgotten."),
    ("key_revoked", "success", "The key was revoked. What still uses it is refused."),
    ("session_ended", "success", "The session was signed out."),
    ("all_sessions_ended", "success", "All their sessions were signed out."),
    ("sessions_ended", "success", "All your other sessions were signed out."),
    ("signed_out", "", "You are signed out."),
    (
        "signed_out_partly",
        "warning",
        "You are signed out here. Some applications could not be told: sign out of them, too, or close the browser.",
    ),
    (
        "application_created",
        "success",
        "The application was made. Give it to a group, so that people have it.",
    ),
    ("application_deleted", "success", "The application was deleted. Nobody gets in any more."),
    ("application_assigned", "success", "The group has the application now."),
    ("application_unassigned", "success", "The group doesn't have the application any more."),
    ("signing_keys_made", "success", "New keys that sign ID tokens are made."),
    ("certificate_made", "success", "The next certificate is made. Give it to the application, then switch."),
    ("certificate_switched", "success", "The certificate signs from now on."),
    ("certificate_removed", "success", "The certificate was removed."),
    ("start_again", "warning", "That was not right too often. Start again with your password."),
    ("too_late", "warning", "That took too long. Start again with your password."),
    ("set_up_again", "warning", "This set-up was replaced by a newer one or took too long. Start again."),
];

/// What the last request left to say.
pub(crate) struct Said(pub(crate) Option<Flash>);

impl FromRequestParts<Web> for Said {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Infallible> {
        let found =
            cookie(&parts.headers, COOKIE).and_then(|word| SENTENCES.iter().find(|(key, ..)| *key == word));
        Ok(Self(found.map(|(_, kind, text)| Flash { kind, text: (*text).into() })))
    }
}

/// Goes to `path` and says the sentence of `word` there.
pub(crate) fn redirect(path: &str, word: &'static str) -> Response {
    let mut response = Redirect::to(path).into_response();
    let cookie = format!("{COOKIE}={word}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Whether a request brought a sentence, which is said once.
pub(crate) struct Shown(bool);

impl Shown {
    pub(crate) fn by(headers: &HeaderMap) -> Self {
        Self(cookie(headers, COOKIE).is_some())
    }

    /// The page that showed it takes the cookie back.
    pub(crate) fn forget(self, response: &mut Response) {
        if self.0 && !response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
            let gone = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
            if let Ok(value) = HeaderValue::from_str(&gone) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
    }
}
