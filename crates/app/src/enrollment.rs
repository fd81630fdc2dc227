//! Setting MFA up: a provisional secret, its QR code, and the code that confirms it (S4.6, S4.7).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    first_code::Begun,
    mail::Facts,
    session::{HalfSignedIn, NewSession, Origin, SignedIn},
};
use claviger_domain::{
    account::Account,
    factor::Factor,
    id::{FactorId, SessionId},
    mail::Kind,
    mfa::Enrollment,
    organization::Organization,
    permission::Actor,
    recovery::RecoveryCode,
    secret::Secret,
    sign_in::{Next, Proven},
    time::{Span, Timestamp},
    totp::{SECRET_BYTES, TotpSecret},
};
use claviger_store::{
    Commit,
    table::{
        self,
        factor::{Provisional, provisional_place, secret_place},
        session::Session,
    },
};

/// A provisional secret is forgotten after this.
pub(crate) const KEPT: Span = Span::minutes(30);

/// What a set-up is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Somebody's only factor.
    First,
    /// S4.8: another one for somebody whose own works until this one is confirmed.
    Replacement,
    /// S6.8: a new one for an administrator who came over a mailed link. A present one works until it is confirmed.
    Reset,
}

/// Someone who may set MFA up, on the way in or from within.
#[derive(Clone, Debug)]
pub struct Enroller {
    pub(crate) session: Session,
    /// Whose factor it will be.
    pub account: Account,
    pub(crate) actor: Actor,
    pub(crate) origin: Origin,
    /// Until when it can be put off, if it can.
    pub dismissable_until: Option<Timestamp>,
    /// What for.
    pub aim: Aim,
}

impl Enroller {
    /// S4.5: on the way in, where the next step is to set MFA up.
    pub fn on_the_way(half: &HalfSignedIn) -> Option<Self> {
        let (dismissable_until, aim) = match half.next {
            Next::MustEnroll => (None, Aim::First),
            Next::MayEnroll { until } => (Some(until), Aim::First),
            Next::SetUpAnew => (None, Aim::Reset),
            Next::Barred | Next::LockedOut { .. } | Next::Code(_) | Next::ChangePassword | Next::Enter => {
                return None;
            }
        };
        let (session, account, origin) = (half.session.clone(), half.account.clone(), half.origin.clone());
        Some(Self { session, account, actor: half.actor(), origin, dismissable_until, aim })
    }

    /// From within.
    pub fn from_within(me: &SignedIn) -> Self {
        let (session, account, origin) = (me.session.clone(), me.account.clone(), me.origin.clone());
        let aim = match account.mfa.enrollment {
            Enrollment::NotEnrolled => Aim::First,
            Enrollment::Enrolled(_) => Aim::Replacement,
        };
        Self { session, account, actor: me.actor.clone(), origin, dismissable_until: None, aim }
    }
}

/// What an authenticator needs, as it is shown.
#[derive(Debug)]
pub struct Shown {
    /// For the QR code.
    pub uri: Secret<String>,
    /// The same by hand: upper-case Base32.
    pub key: Secret<String>,
    /// What the app will call it.
    pub issuer: String,
    /// And for whom.
    pub account: String,
}

/// What a confirmed factor brings.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// The session that goes on.
    pub session: NewSession,
    /// S4.9: shown this once; none where the organization has switched them off.
    pub codes: Vec<RecoveryCode>,
}

impl App {
    pub(crate) fn may_enroll(&self, who: &Enroller, organization: &Organization) -> Result<(), Refusal> {
        if !organization.totp.is_in_force(who.account.kind.realm()) {
            return Err(Refusal::state("totp_disabled", "Your organization has not enabled MFA."));
        }
        Ok(())
    }

    /// A secret for the wizard of that session.
    pub(crate) fn new_provisional(&self, session: SessionId) -> Result<Provisional, Problem> {
        let id = FactorId::new(self.now(), self.random());
        let secret = Secret::new(self.random::<SECRET_BYTES>());
        let sealed = self.0.sealer.seal(provisional_place(id), self.random(), secret.expose())?;
        Ok(Provisional { id, session, secret: sealed, earlier: None, created_at: self.now() })
    }

    /// S4.6: a new provisional secret; the one of any wizard opened before is dead. A replacement begins with
    /// [`App::start_replacement`].
    pub async fn start_enrollment(&self, who: &Enroller) -> Result<(), Refusal> {
        let organization = self.organization().await?;
        self.may_enroll(who, &organization)?;
        match who.aim {
            Aim::First => {}
            Aim::Replacement => {
                let message =
                    "MFA is set up already. You can replace the authenticator under Password & Security.";
                return Err(Refusal::state("already_enrolled", message));
            }
            Aim::Reset => drop(self.begun_reset(who).await?),
        }
        let new = self.with_earlier(who.account.id, self.new_provisional(who.session.id)?).await?;
        let mut draft = Draft::of(self, &who.actor, organization);
        draft.write(table::factor::put_provisional(draft.organization.id, who.account.id, &new));
        draft.log("mfa.set_up.start", &Target::from(&who.account), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    async fn provisional(
        &self,
        who: &Enroller,
        organization: &Organization,
    ) -> Result<(Provisional, TotpSecret), Refusal> {
        self.may_enroll(who, organization)?;
        let found = table::factor::provisional(&self.0.store, organization.id, who.account.id).await?;
        // Whoever has a factor begins with password and code: what was begun before it counts for nothing.
        let factor = match who.aim {
            Aim::First => None,
            Aim::Replacement | Aim::Reset => self.factor_of(&who.account).await?,
        };
        let found = found.filter(|found| {
            found.session == who.session.id
                && self.now().since(found.created_at) < KEPT
                && factor.is_none_or(|factor| found.created_at >= factor.confirmed_at)
        });
        let provisional = found.ok_or(Refusal::NotFound("set-up in progress"))?;
        let opened = self.0.sealer.open(provisional_place(provisional.id), &provisional.secret)?;
        let secret = TotpSecret::new(opened.expose().clone());
        Ok((provisional, secret))
    }

    /// S4.7: the QR code's text and the key of this wizard's secret.
    pub async fn show_enrollment(&self, who: &Enroller) -> Result<Shown, Refusal> {
        let organization = self.organization().await?;
        let (_, secret) = self.provisional(who, &organization).await?;
        let issuer = organization.settings.issuer();
        let account = who.account.email.to_string();
        let key = secret.base32();
        let (name, by) = (encode(&account), encode(&issuer));
        let uri = Secret::new(format!("otpauth://totp/{by}:{name}?secret={}&issuer={by}", key.expose()));
        Ok(Shown { uri, key, issuer, account })
    }

    /// S4.6: the first code, or two consecutive ones where the organization says so, confirms the factor. Its
    /// step is used up. The session goes on, every other one ends, and there are new recovery codes (S4.9).
    pub async fn confirm_enrollment(
        &self,
        who: &Enroller,
        code: &str,
        second: &str,
    ) -> Result<Confirmed, Refusal> {
        let organization = self.organization().await?;
        let (provisional, secret) = self.provisional(who, &organization).await?;
        let begun = Begun { organization: &organization, provisional: &provisional, secret: &secret };
        let step = self.first_step(&begun, code, second)?;
        let now = self.now();
        let factor = Factor::confirmed(provisional.id, who.account.id, step, now);
        let sealed = self.0.sealer.seal(secret_place(factor.id), self.random(), secret.expose())?;
        let changed = Account { mfa: who.account.mfa.enrolled(factor.id), ..who.account.clone() };
        let mut draft = Draft::of(self, &who.actor, organization);
        let id = draft.organization.id;
        draft.write(table::factor::take_provisional(id, who.account.id, provisional.id));
        draft.write_all(table::factor::delete(id, who.account.id));
        draft.write(table::factor::insert(id, &factor, sealed));
        draft.write(table::account::save(id, &changed));
        draft.write(table::session::take(id, &who.session));
        draft.write(table::session::end_all(id, who.account.id));
        let codes = self.new_recovery_codes(&mut draft, who.account.id);
        self.tell_of_set_up(&mut draft, who, &factor).await?;
        let session = self.new_session(&mut draft, &changed, Proven::Code, &who.origin);
        match draft.commit().await? {
            Commit::Committed => Ok(Confirmed { session, codes }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    async fn tell_of_set_up(
        &self,
        draft: &mut Draft<'_>,
        who: &Enroller,
        factor: &Factor,
    ) -> Result<(), Refusal> {
        let done = match who.aim {
            Aim::First => "set_up",
            Aim::Replacement => "replace",
            Aim::Reset => {
                let begun = self.begun_reset(who).await?;
                return Ok(self.reset_done(draft, who, &begun, factor).await?);
            }
        };
        let action = format!("{}.mfa.{done}", who.account.kind.realm().key());
        draft.log(&action, &Target::from(&who.account), "success", nothing());
        let cause = format!("mfa_set_up:{}", factor.id);
        Ok(draft.mail_of_change(Kind::MfaSetUp, &who.account, &cause, Facts::default())?)
    }
}

/// RFC 3986 percent-encoding of everything but unreserved characters: a space is `%20`, never `+`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn parts_of_the_uri_are_encoded_without_plus_and_colon() {
        assert_eq!(encode("Acme Tools"), "Acme%20Tools");
        assert_eq!(encode("a+b:c&d=e?é"), "a%2Bb%3Ac%26d%3De%3F%C3%A9");
        assert_eq!(encode("alice@example.com"), "alice@example.com");
    }
}
