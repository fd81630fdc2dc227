//! What an application holds once somebody was let in: a code for a minute, then tokens, all of one family that ends
//! as a whole (RFC 6749 §4.1.2, RFC 9700 §4.14).

use crate::{
    id::ApplicationId,
    time::{Span, Timestamp},
};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a code is good for.
pub const CODE_LASTS: Span = Span::seconds(60);
/// How long an access token and an ID token are.
pub const TOKEN_LASTS: Span = Span::minutes(10);

/// A code as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// To which application.
    pub application: ApplicationId,
    /// To which address of it.
    pub redirect: String,
    /// The SHA-256 of what must be shown with it, in Base64.
    pub challenge: String,
    /// Until when it can be redeemed.
    pub until: Timestamp,
    /// Whether it was.
    pub used: Use,
}

/// A refresh token as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// To which application.
    pub application: ApplicationId,
    /// Until when it is good.
    pub until: Timestamp,
    /// Whether it had its turn.
    pub used: Use,
}

/// Whether what is good once was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Not yet.
    Fresh,
    /// It was.
    Used,
}

/// Why a code or a refresh token is not taken. Whoever presents it so should not have it: the family ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misused {
    /// Another application got it.
    OtherClient,
    /// It was used before: somebody has a copy.
    Replayed,
    /// It came too late.
    TooLate,
    /// The address is not the one that it was sent to.
    OtherRedirect,
    /// What must be shown with it was not.
    WrongVerifier,
}

impl Misused {
    /// The word in the log.
    pub const fn key(self) -> &'static str {
        match self {
            Self::OtherClient => "other_client",
            Self::Replayed => "replayed",
            Self::TooLate => "too_late",
            Self::OtherRedirect => "other_redirect",
            Self::WrongVerifier => "wrong_verifier",
        }
    }
}

impl Code {
    /// Whether `application` may redeem it with what it brings along.
    ///
    /// # Errors
    /// Why not.
    pub fn redeem(
        &self,
        application: ApplicationId,
        (redirect, verifier): (&str, &str),
        now: Timestamp,
    ) -> Result<(), Misused> {
        presented((self.application, self.until, self.used), application, now)?;
        if self.redirect != redirect {
            return Err(Misused::OtherRedirect);
        }
        if !fits(&self.challenge, verifier) {
            return Err(Misused::WrongVerifier);
        }
        Ok(())
    }
}

impl Refresh {
    /// Whether `application` may have new tokens for it.
    ///
    /// # Errors
    /// Why not.
    pub fn turn(&self, application: ApplicationId, now: Timestamp) -> Result<(), Misused> {
        presented((self.application, self.until, self.used), application, now)
    }
}

fn presented(
    (to, until, used): (ApplicationId, Timestamp, Use),
    by: ApplicationId,
    now: Timestamp,
) -> Result<(), Misused> {
    match used {
        _ if to != by => Err(Misused::OtherClient),
        Use::Used => Err(Misused::Replayed),
        Use::Fresh if now > until => Err(Misused::TooLate),
        Use::Fresh => Ok(()),
    }
}

/// RFC 7636 §4.1, §4.6: 43 to 128 plain characters whose SHA-256 is the challenge.
fn fits(challenge: &str, verifier: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let is_one = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_plain);
    let hashed = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
    is_one && bool::from(hashed.as_bytes().ct_eq(challenge.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);
    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn application(n: u8) -> ApplicationId {
        ApplicationId::new(NOW, [n; 10])
    }

    fn code() -> Code {
        Code {
            application: application(1),
            redirect: "https://app.example/cb".into(),
            challenge: CHALLENGE.into(),
            until: NOW.plus(CODE_LASTS),
            used: Use::Fresh,
        }
    }

    #[test]
    fn a_code_is_for_one_application_one_address_one_verifier_and_one_minute() {
        let own = "https://app.example/cb";
        let redeem = |code: &Code, by, redirect, verifier, after| {
            code.redeem(application(by), (redirect, verifier), NOW.plus(Span::seconds(after)))
        };
        assert_eq!(redeem(&code(), 1, own, VERIFIER, 0), Ok(()));
        assert_eq!(redeem(&code(), 1, own, VERIFIER, 60), Ok(()));
        let used = Code { used: Use::Used, ..code() };
        let other = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK";
        for (code, by, redirect, verifier, after, why) in [
            (code(), 1, own, VERIFIER, 61, Misused::TooLate),
            (used.clone(), 1, own, VERIFIER, 0, Misused::Replayed),
            (used, 1, own, VERIFIER, 61, Misused::Replayed),
            (code(), 2, own, VERIFIER, 0, Misused::OtherClient),
            (code(), 1, "https://app.example/cb/", VERIFIER, 0, Misused::OtherRedirect),
            (code(), 1, "", VERIFIER, 0, Misused::OtherRedirect),
            (code(), 1, own, other, 0, Misused::WrongVerifier),
            (code(), 1, own, "", 0, Misused::WrongVerifier),
            (code(), 1, own, CHALLENGE, 0, Misused::WrongVerifier),
        ] {
            assert_eq!(redeem(&code, by, redirect, verifier, after), Err(why));
        }
    }

    #[test]
    fn a_verifier_is_as_the_standard_has_it() {
        for (verifier, is_one) in [
            ("a".repeat(43), true),
            ("a".repeat(128), true),
            ("a".repeat(42), false),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(43)), false),
            (format!("{} ", "a".repeat(43)), false),
        ] {
            let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
            assert_eq!(fits(&challenge, &verifier), is_one, "{verifier}");
        }
    }

    #[test]
    fn a_refresh_token_has_one_turn() {
        let fresh = Refresh { application: application(1), until: NOW, used: Use::Fresh };
        assert_eq!(fresh.turn(application(1), NOW), Ok(()));
        assert_eq!(fresh.turn(application(2), NOW), Err(Misused::OtherClient));
        assert_eq!(fresh.turn(application(1), NOW.plus(Span::seconds(1))), Err(Misused::TooLate));
        let used = Refresh { used: Use::Used, ..fresh };
        assert_eq!(used.turn(application(1), NOW), Err(Misused::Replayed));
    }
}
