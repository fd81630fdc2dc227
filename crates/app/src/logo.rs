//! The organization's logo, on sign-in pages, in the User Portal and in mails (S2.5).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
};
use claviger_domain::{
    logo::{Format, check},
    permission::{Granted, ManageOrganization},
    time::Timestamp,
};
use claviger_store::{Statement, table};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::sync::{Arc, RwLock};

/// The logo as it was last read, with the time at which it was put in its place.
pub(crate) type Cache = RwLock<Option<(Timestamp, Arc<Logo>)>>;

/// A logo as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// What it is.
    pub format: Format,
    /// The file.
    pub image: Vec<u8>,
    /// A name for exactly these bytes.
    pub etag: String,
}

impl Logo {
    fn of(stored: table::logo::Logo) -> (Timestamp, Arc<Self>) {
        let digest = HEXLOWER.encode(Sha256::digest(&stored.image).as_slice());
        let etag = digest.chars().take(16).collect();
        (stored.changed_at, Arc::new(Self { format: stored.format, image: stored.image, etag }))
    }
}

impl App {
    /// The logo, if there is one; at most two seconds old.
    pub async fn logo(&self) -> Result<Option<Arc<Logo>>, Problem> {
        let organization = self.organization().await?;
        let Some(changed_at) = organization.logo else { return Ok(None) };
        if let Ok(cached) = self.0.logo.read()
            && let Some((at, logo)) = cached.as_ref()
            && *at == changed_at
        {
            return Ok(Some(Arc::clone(logo)));
        }
        let Some(stored) = table::logo::load(&self.0.store, organization.id).await? else { return Ok(None) };
        let (at, logo) = Logo::of(stored);
        if let Ok(mut cached) = self.0.logo.write() {
            *cached = Some((at, Arc::clone(&logo)));
        }
        Ok(Some(logo))
    }

    /// S2.5: puts a logo in the place of the one before. Its own bytes tell what it is.
    pub async fn save_logo(
        &self,
        granted: &Granted<ManageOrganization>,
        image: Vec<u8>,
    ) -> Result<(), Refusal> {
        let format = check(&image)?;
        let id = self.organization().await?.id;
        let stored = table::logo::Logo { format, image, changed_at: self.now() };
        self.change_logo(granted, table::logo::save(id, stored), "organization.logo").await
    }

    /// S2.5: takes the logo away.
    pub async fn remove_logo(&self, granted: &Granted<ManageOrganization>) -> Result<(), Refusal> {
        let id = self.organization().await?.id;
        self.change_logo(granted, table::logo::remove(id), "organization.logo.remove").await
    }

    async fn change_logo(
        &self,
        granted: &Granted<ManageOrganization>,
        change: Statement,
        action: &'static str,
    ) -> Result<(), Refusal> {
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = &draft.organization;
        let target = Target { id: organization.id.to_string(), name: organization.settings.name.clone() };
        draft.write(change);
        draft.log(action, &target, "success", nothing());
        draft.settle().await?;
        self.forget_organization();
        if let Ok(mut cached) = self.0.logo.write() {
            *cached = None;
        }
        Ok(())
    }
}
