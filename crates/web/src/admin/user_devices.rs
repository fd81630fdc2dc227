//! A user's devices, and what they are there: number, group, shell, SSH keys (S3.1, S8.12).

use super::{
    change::{Change, named},
    device_parts::{SudoChoice, account_words, padlock, sudo_choices, sudo_words},
    device_users::sudo,
    remembered::{Of, Remembered},
    user::{UserHeader, header},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Field},
    routing::{Routes, get, post},
    view::{Padlock, When, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_app::{
    Refusal,
    device_admin::ListedDevice,
    session::SignedIn,
    stored::{
        OwnedSshKey,
        device_binding::{Binding, Way},
    },
};
use claviger_domain::{
    device::Sudo,
    id::AccountId,
    permission::{AssistUsers, ManageUsers, ViewUsers},
    posix::PosixForm,
    time::Timestamp,
};
use data_encoding::HEXLOWER;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/users/{id}/devices", get(show).post(bind))
        .at("/admin/users/{id}/posix", post(set_posix))
        .at("/admin/users/{id}/ssh-keys", post(add_key))
        .at("/admin/users/{id}/ssh-keys/{key}/remove", post(remove_key))
}

#[derive(Template)]
#[template(path = "admin/user_devices.html")]
struct UserDevices {
    chrome: AdminChrome,
    header: UserHeader,
    may_edit: bool,
    problem: Option<String>,
    rows: Vec<Row>,
    device: Field,
    sudo: Field,
    sudos: Vec<SudoChoice>,
    uid: Field,
    gid: Field,
    shell: Field,
    keys: Vec<KeyRow>,
    key: Field,
    remembered: Option<Remembered>,
}

struct Row {
    href: String,
    name: String,
    padlock: Padlock,
    sudo: &'static str,
    through: String,
    account: &'static str,
    needs_attention: bool,
}

struct KeyRow {
    kind: &'static str,
    comment: String,
    fingerprint: String,
    added: When,
    remove: String,
}

fn row(binding: &Binding, listed: &ListedDevice) -> Row {
    let (account, needs_attention) = account_words(binding.state);
    Row {
        href: format!("/admin/devices/{}", listed.known.device.id),
        name: listed.known.device.name.clone(),
        padlock: padlock(listed),
        sudo: sudo_words(binding.sudo),
        through: match binding.way {
            Way::Direct => "Directly".into(),
            Way::Groups => binding.through.clone(),
        },
        account,
        needs_attention,
    }
}

fn key_row(owned: &OwnedSshKey, base: &str, now: Timestamp, zone: &str) -> KeyRow {
    let key = &owned.key;
    KeyRow {
        kind: key.kind(),
        comment: key.comment().to_owned(),
        fingerprint: key.fingerprint(),
        added: When::new(owned.added_at, now, zone),
        remove: format!("{base}/ssh-keys/{}/remove", HEXLOWER.encode(&key.digest())),
    }
}

impl UserDevices {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, id: AccountId) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let holder = web.app().user_with_factor(&granted, id).await?;
        let bound = web.app().devices_of(&granted, id).await?;
        let posix = PosixForm::from(&web.app().posix(&granted, id).await?);
        let keys = web.app().ssh_keys(&granted, id).await?;
        let organization = web.app().organization().await?;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let base = format!("/admin/users/{id}");
        let found = web.app().remembered_of_user(&granted, id).await?;
        let revoke = me.actor.granted::<AssistUsers>().is_ok();
        let revoke = revoke.then(|| format!("{base}/remembered/revoke"));
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "users").await?,
            header: header(&holder, me, organization.totp, (now, zone), "devices"),
            may_edit: me.actor.granted::<ManageUsers>().is_ok(),
            problem: None,
            rows: bound.iter().map(|(binding, listed)| row(binding, listed)).collect(),
            device: Field::default(),
            sudo: Field::of(Sudo::default().key()),
            sudos: sudo_choices(),
            uid: Field::of(posix.uid),
            gid: Field::of(posix.gid),
            shell: Field::of(posix.shell),
            keys: keys.iter().map(|owned| key_row(owned, &base, now, zone)).collect(),
            key: Field::default(),
            remembered: (!found.logins.is_empty())
                .then(|| Remembered::new(&found, Of::User, revoke, (now, zone))),
        })
    }
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    Ok(page(&UserDevices::new(&web, &me, frame, named(&id)?).await?))
}

impl Change<AccountId> {
    /// What the form came to.
    async fn answer(self, done: Result<&'static str, Refusal>) -> Result<Response, PageError> {
        let Self { web, me, frame, id, form, .. } = self;
        let Again { status, errors, problem } = match done {
            Ok(word) => return Ok(flash::redirect(&format!("/admin/users/{id}/devices"), word)),
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = UserDevices::new(&web, &me, frame, id).await?;
        // What is wrong with the user stands beside the device that they are bound to.
        again.problem = problem.or_else(|| errors.of("user"));
        form.put_back(
            &errors,
            [
                ("device", &mut again.device),
                ("sudo", &mut again.sudo),
                ("uid", &mut again.uid),
                ("gid", &mut again.gid),
                ("shell", &mut again.shell),
                ("key", &mut again.key),
            ],
        );
        Ok(render(status, &again))
    }
}

async fn bind(change: Change<AccountId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = match sudo(form) {
        Ok(sudo) => web.app().bind_to_named_device(granted, (form.text("device"), *id), sudo).await,
        Err(refusal) => Err(refusal),
    };
    change.answer(done.map(|()| "device_bound")).await
}

async fn set_posix(change: Change<AccountId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let posix = PosixForm { uid: form.owned("uid"), gid: form.owned("gid"), shell: form.owned("shell") };
    let done = web.app().set_posix(granted, *id, &posix).await;
    change.answer(done.map(|_| "saved")).await
}

async fn add_key(change: Change<AccountId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().add_ssh_key(granted, *id, form.text("key")).await;
    change.answer(done.map(|_| "ssh_key_added")).await
}

async fn remove_key(
    State(web): State<Web>,
    Admin(me): Admin,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    let id = named(&id)?;
    web.app().remove_ssh_key(&granted, id, &key).await?;
    Ok(flash::redirect(&format!("/admin/users/{id}/devices"), "ssh_key_removed"))
}
