//! Setting MFA up: a provisional secret, its QR code, and the code that confirms it (S4.6, S4.7).

use crate::{
    App, Refusal,
    draft::{Draft, Target, nothing},
    mail::Facts,
    session::{HalfSignedIn, NewSession, Origin, SignedIn},
};
use claviger_domain::{
    account::{Account, Realm},
    factor::Factor,
    field::FieldError,
    id::FactorId,
    lockout::Failures,
    mail::Kind,
    mfa::Enrollment,
    organization::{CodesAtSetup, Organization},
    permission::Actor,
    secret::Secret,
    sign_in::{Next, Proven, TotpSwitch},
    time::{Span, Timestamp},
    totp::{Around, Code, Drift, Match, SECRET_BYTES, Step, TotpSecret},
};
use claviger_store::{
    Commit, Statement,
    table::{
        self,
        factor::{Provisional, provisional_place, secret_place},
        session::Session,
    },
};

/// A provisional secret is forgotten after this.
pub(crate) const KEPT: Span = Span::minutes(30);

/// Someone who may set MFA up, on the way in or from within.
#[derive(Clone, Debug)]
pub struct Enroller {
    session: Session,
    /// Whose factor it will be.
    pub account: Account,
    actor: Actor,
    origin: Origin,
    /// Until when it can be put off, if it can.
    pub dismissable_until: Option<Timestamp>,
}

impl Enroller {
    /// S4.5: on the way in, where the next step is to set MFA up.
    pub fn on_the_way(half: &HalfSignedIn) -> Option<Self> {
        let dismissable_until = match half.next {
            Next::MustEnroll => None,
            Next::MayEnroll { until } => Some(until),
            Next::Barred | Next::LockedOut { .. } | Next::Code(_) | Next::ChangePassword | Next::Enter => {
                return None;
            }
        };
        let (session, account, origin) = (half.session.clone(), half.account.clone(), half.origin.clone());
        Some(Self { session, account, actor: half.actor(), origin, dismissable_until })
    }

    /// From within, for someone who has no factor yet.
    pub fn from_within(me: &SignedIn) -> Option<Self> {
        let (session, account, origin) = (me.session.clone(), me.account.clone(), me.origin.clone());
        (account.mfa.enrollment == Enrollment::NotEnrolled).then_some(Self {
            session,
            account,
            actor: me.actor.clone(),
            origin,
            dismissable_until: None,
        })
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

impl App {
    fn may_enroll(&self, who: &Enroller, organization: &Organization) -> Result<(), Refusal> {
        if who.account.kind.realm() == Realm::User && organization.totp == TotpSwitch::Disabled {
            return Err(Refusal::state("totp_disabled", "Your organization has not enabled MFA."));
        }
        Ok(())
    }

    /// S4.6: a new provisional secret; the one of any wizard opened before is dead.
    pub async fn start_enrollment(&self, who: &Enroller) -> Result<(), Refusal> {
        let organization = self.organization().await?;
        self.may_enroll(who, &organization)?;
        let id = FactorId::new(self.now(), self.random());
        let secret = Secret::new(self.random::<SECRET_BYTES>());
        let sealed = self.0.sealer.seal(provisional_place(id), self.random(), secret.expose())?;
        let new = Provisional { id, session: who.session.id, secret: sealed, created_at: self.now() };
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
        let found = found
            .filter(|found| found.session == who.session.id && self.now().since(found.created_at) < KEPT);
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
    /// step is used up. On the way in, the session goes on.
    pub async fn confirm_enrollment(
        &self,
        who: &Enroller,
        code: &str,
        second: &str,
    ) -> Result<NewSession, Refusal> {
        let organization = self.organization().await?;
        let (provisional, secret) = self.provisional(who, &organization).await?;
        let step = self.first_step(&secret, &organization, code, second)?;
        let now = self.now();
        let factor = Factor {
            id: provisional.id,
            account: who.account.id,
            revision: 1,
            last_step: step,
            drift: Drift::default(),
            failures: Failures::default(),
            confirmed_at: now,
            last_used_at: now,
        };
        let sealed = self.0.sealer.seal(secret_place(factor.id), self.random(), secret.expose())?;
        let changed = Account { mfa: who.account.mfa.enrolled(factor.id), ..who.account.clone() };
        let mut draft = Draft::of(self, &who.actor, organization);
        let id = draft.organization.id;
        let statements: [Statement; 6] = [
            table::factor::take_provisional(id, who.account.id, provisional.id),
            table::factor::delete(id, who.account.id),
            table::factor::insert(id, &factor, sealed),
            table::account::save(id, &changed),
            table::session::take(id, &who.session),
            table::session::end_all(id, who.account.id),
        ];
        draft.write_all(statements);
        let action = format!("{}.mfa.set_up", who.account.kind.realm().key());
        draft.log(&action, &Target::from(&who.account), "success", nothing());
        draft.mail(Kind::MfaSetUp, &changed, &format!("mfa_set_up:{}", factor.id), &Facts::default())?;
        let session = self.new_session(&mut draft, &changed, Proven::Code, &who.origin);
        match draft.commit().await? {
            Commit::Committed => Ok(session),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// The last step that the typed codes use up.
    fn first_step(
        &self,
        secret: &TotpSecret,
        organization: &Organization,
        code: &str,
        second: &str,
    ) -> Result<Step, Refusal> {
        let wrong = |field| {
            FieldError::new(
                field,
                "That code is not right. Check that it is for this account and type the newest one.",
            )
        };
        let around = Around { now: self.now(), window: organization.settings.window, drift: Drift(0) };
        let find = |code: &Code, last| secret.matching(code, around, last);
        let first = Code::parse("code", code)?;
        let Match::Fresh(step) = find(&first, Step::NONE) else { return Err(wrong("code").into()) };
        match organization.settings.codes_at_setup {
            CodesAtSetup::One => Ok(step),
            CodesAtSetup::Two => match find(&Code::parse("code_2", second)?, step) {
                Match::Fresh(next) if next.0 == step.0 + 1 => Ok(next),
                Match::Fresh(_) | Match::Used | Match::None => Err(wrong("code_2").into()),
            },
        }
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
