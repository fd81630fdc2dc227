//! The codes that confirm a new factor, and what is told of a wrong one (S4.6).

use crate::{App, Problem, Refusal};
use claviger_domain::{
    diagnosis::{Shown, Typed},
    field::{FieldError, Fields},
    first_code::{Wrong, confirm},
    id::AccountId,
    organization::{CodesAtSetup, Organization},
    secret::Secret,
    totp::{Around, Code, Drift, Step, TotpSecret},
};
use claviger_store::table::{
    self,
    factor::{Provisional, earlier_place, provisional_place},
};

/// A set-up that waits for its first code.
pub(crate) struct Begun<'a> {
    pub(crate) organization: &'a Organization,
    pub(crate) provisional: &'a Provisional,
    pub(crate) secret: &'a TotpSecret,
}

impl App {
    /// S4.6: a new wizard keeps the secret of the QR code that it takes the place of, to know its codes by.
    pub(crate) async fn with_earlier(
        &self,
        account: AccountId,
        new: Provisional,
    ) -> Result<Provisional, Problem> {
        let organization = self.organization().await?;
        let before = table::factor::provisional(&self.0.store, organization.id, account).await?;
        let Some(before) = before else { return Ok(new) };
        let secret = self.0.sealer.open(provisional_place(before.id), &before.secret)?;
        let sealed = self.0.sealer.seal(earlier_place(new.id), self.random(), secret.expose())?;
        Ok(Provisional { earlier: Some(sealed), ..new })
    }

    /// S4.6: the last step that the typed codes use up, one or two as the organization says.
    pub(crate) fn first_step(&self, begun: &Begun<'_>, code: &str, second: &str) -> Result<Step, Refusal> {
        let Begun { organization, provisional, secret } = *begun;
        let (first, second) = parse(organization.settings.codes_at_setup, code, second)?;
        let earlier = self.earlier(provisional)?;
        let shown = Shown { secret, earlier: earlier.as_ref() };
        let window = organization.settings.window;
        let around = Around { now: self.now(), window, drift: Drift::default() };
        confirm(&first, second.as_ref(), shown, around).map_err(|wrong| in_words(wrong).into())
    }

    fn earlier(&self, provisional: &Provisional) -> Result<Option<TotpSecret>, Problem> {
        let Some(sealed) = &provisional.earlier else { return Ok(None) };
        let opened: Secret<Vec<u8>> = self.0.sealer.open(earlier_place(provisional.id), sealed)?;
        Ok(Some(TotpSecret::new(opened.expose().clone())))
    }
}

/// Both fields where two codes are asked for, with every one that is no code.
fn parse(codes: CodesAtSetup, code: &str, second: &str) -> Result<(Typed, Option<Code>), Vec<FieldError>> {
    let mut fields = Fields::new();
    let first = fields.take(Typed::parse("code", code));
    let second = match codes {
        CodesAtSetup::One => Some(None),
        CodesAtSetup::Two => fields.take(Code::parse("code_2", second)).map(Some),
    };
    fields.finish(first.zip(second))
}

fn in_words(wrong: Wrong) -> FieldError {
    match wrong {
        Wrong::First(finding) => FieldError::new("code", finding.words()),
        Wrong::Second => FieldError::new(
            "code_2",
            "Enter the code that your app or token shows right after the first one.",
        ),
    }
}
