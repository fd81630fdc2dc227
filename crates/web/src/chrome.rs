//! The frame around each kind of page.

use crate::{Web, error::PageError, flash::Said, logo, theme::Theme, view::Flash};
use claviger_app::session::SignedIn;
use claviger_domain::{
    account::Kind,
    permission::{Permission, Role},
    sign_in::TotpSwitch,
};

/// Around sign-in pages.
#[derive(Clone, Debug)]
pub(crate) struct Chrome {
    pub(crate) organization: String,
    pub(crate) theme: &'static str,
    pub(crate) logo: Option<String>,
}

impl Chrome {
    pub(crate) async fn new(web: &Web, theme: Theme) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        Ok(Self {
            organization: organization.settings.name.clone(),
            theme: theme.key(),
            logo: logo::address(&organization),
        })
    }
}

/// Around pages of the User Portal.
#[derive(Clone, Debug)]
pub(crate) struct PortalChrome {
    pub(crate) organization: String,
    pub(crate) theme: &'static str,
    pub(crate) logo: Option<String>,
    pub(crate) path: String,
    pub(crate) person: String,
    pub(crate) nav: &'static str,
    pub(crate) flash: Option<Flash>,
}

impl PortalChrome {
    pub(crate) async fn new(
        web: &Web,
        me: &SignedIn,
        theme: Theme,
        said: Said,
        nav: &'static str,
    ) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        let path = match nav {
            "home" => "/".to_owned(),
            other => format!("/{other}"),
        };
        Ok(Self {
            organization: organization.settings.name.clone(),
            theme: theme.key(),
            logo: logo::address(&organization),
            path,
            person: me.account.name.shown(me.account.email.as_str()),
            nav,
            flash: said.0,
        })
    }
}

/// Around pages of the Admin Portal.
#[derive(Clone, Debug, Default)]
pub(crate) struct AdminChrome {
    pub(crate) organization: String,
    pub(crate) theme: &'static str,
    pub(crate) path: String,
    pub(crate) person: String,
    pub(crate) email: String,
    pub(crate) role: &'static str,
    pub(crate) nav: &'static str,
    pub(crate) users: String,
    pub(crate) expired: i64,
    pub(crate) flash: Option<Flash>,
    pub(crate) totp_enabled: bool,
    pub(crate) sees_usage: bool,
    pub(crate) manages_administrators: bool,
    pub(crate) runs_commands: bool,
}

/// What an Admin Portal page is framed with.
pub(crate) struct Frame {
    pub(crate) theme: Theme,
    pub(crate) said: Said,
    pub(crate) path: String,
}

impl AdminChrome {
    pub(crate) async fn new(
        web: &Web,
        me: &SignedIn,
        frame: Frame,
        nav: &'static str,
    ) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        let counts = web.app().users_by_status().await?;
        let expired = counts.iter().find(|(key, _)| key == "expired").map_or(0, |(_, count)| *count);
        let role = match me.account.kind {
            Kind::Administrator { role } => role,
            Kind::User { .. } => Role::ReadOnly,
        };
        Ok(Self {
            organization: organization.settings.name.clone(),
            theme: frame.theme.key(),
            path: frame.path,
            person: me.account.name.shown(me.account.email.as_str()),
            email: me.account.email.to_string(),
            role: role.words(),
            nav,
            users: claviger_app::words::number(counts.iter().map(|(_, count)| count).sum()),
            expired,
            flash: frame.said.0,
            totp_enabled: organization.totp == TotpSwitch::Enabled,
            sees_usage: role.allows(Permission::SeeUsage),
            manages_administrators: role.allows(Permission::ManageAdministrators),
            runs_commands: role.allows(Permission::RunCommands),
        })
    }
}
