//! What a device checks codes with while it can't ask (S8.5, S8.6).

use super::Calling;
use crate::{App, Problem, Refusal};
use claviger_domain::{
    account::{Realm, State},
    id::{AccountId, DeviceId, FactorId},
    totp::{Step, TotpSecret},
    verifier::{DeviceKey, offline_window},
};
use claviger_store::table::{
    self,
    device_bound::Tie,
    factor::{Holder, Sealed},
};
use claviger_wire::server::Verifiers;
use data_encoding::BASE64URL_NOPAD;
use std::ops::Range;

impl App {
    /// The verifiers of a bound user's factor from step `from` on, as many as one answer holds: a device asks for those
    /// that it lacks.
    pub async fn device_verifiers(
        &self,
        calling: &Calling,
        (user, factor): (AccountId, FactorId),
        from: Step,
    ) -> Result<Verifiers, Refusal> {
        let organization = self.organization().await?;
        if !calling.asks(organization.totp) {
            return Err(Refusal::state("not_asked", "This device asks for no codes."));
        }
        let holder = self.bound_holder(calling.device.id, user).await?.ok_or(Refusal::NotFound("user"))?;
        let same = holder.factor.filter(|sealed| sealed.factor.id == factor);
        let sealed = match (same, holder.account.state) {
            (Some(sealed), State::Activated) => sealed,
            (_, State::Activated | State::Staged | State::Suspended) => {
                return Err(Refusal::state("not_enrolled", "The user has no such factor."));
            }
        };
        let steps = offline_window(
            sealed.factor.drift.resynced,
            organization.settings.offline_days,
            from,
            self.now(),
        );
        Ok(self.verifiers_of(calling.device.id, &sealed, steps).await?)
    }

    /// Somebody who is bound to the device.
    pub(super) async fn bound_holder(
        &self,
        device: DeviceId,
        user: AccountId,
    ) -> Result<Option<Holder>, Problem> {
        let organization = self.organization().await?;
        match table::device_bound::tie(&self.0.store, organization.id, device, user).await? {
            Tie::Bound => Ok(table::factor::holder(&self.0.store, organization.id, Realm::User, user).await?),
            Tie::Told | Tie::None => Ok(None),
        }
    }

    /// A month takes a tenth of a second, so it is not computed where requests are answered.
    async fn verifiers_of(
        &self,
        device: DeviceId,
        sealed: &Sealed,
        steps: Range<i64>,
    ) -> Result<Verifiers, Problem> {
        let factor = &sealed.factor;
        let opened = self.0.sealer.open(table::factor::secret_place(factor.id), &sealed.secret)?;
        let secret = TotpSecret::new(opened.expose().clone());
        let key = DeviceKey::of(&secret, device, factor.id);
        let (id, first, last_step) = (factor.id, steps.start, factor.last_step.0);
        let _turn = self.0.verifying.acquire().await.map_err(|_| Problem::Busy)?;
        let computed = tokio::task::spawn_blocking(move || Verifiers {
            factor: id,
            key: BASE64URL_NOPAD.encode(key.expose()),
            first,
            verifiers: BASE64URL_NOPAD.encode(key.verifiers(&secret, steps).as_flattened()),
            last_step,
        });
        computed.await.map_err(|error| Problem::Internal(error.to_string()))
    }
}
