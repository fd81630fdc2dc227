//! Hardware tokens: the stock, whom they are given to, and the first code that makes one a factor (S4.6).

use crate::{
    App, Problem, Refusal,
    beside::{Read, trim},
    draft::{Draft, Target, nothing},
    enrollment::{Confirmed, Enroller},
    mail::Facts,
    until_decided,
};
use claviger_domain::{
    account::{Account, Realm},
    factor::Factor,
    field::FieldError,
    id::{AccountId, FactorId, TokenId},
    mail::Kind,
    mfa::Enrollment,
    permission::{Granted, ManageUsers, ViewUsers},
    sign_in::Proven,
    token::{HardwareToken, Refused, Serial},
    totp::{Around, Code, Drift, Match, Step, TotpSecret},
};
use claviger_store::{
    Commit,
    table::{
        self, factor,
        token::{ListedToken, SealedToken, TokenFilter, secret_place},
        user_list::Page,
    },
};
use serde_json::json;

/// One page of the tokens.
#[derive(Clone, Debug)]
pub struct TokenPage {
    /// The tokens, by serial number.
    pub tokens: Vec<ListedToken>,
    /// Whether there are tokens before the first.
    pub has_newer: bool,
    /// Whether there are tokens after the last.
    pub has_older: bool,
}

/// When a token that is given to a user shows that it is theirs.
#[derive(Clone, Copy)]
pub enum FirstCode<'a> {
    /// By the code that it shows now.
    Now(&'a str),
    /// By one that the user enters when they set MFA up.
    Later,
}

impl From<&HardwareToken> for Target {
    fn from(token: &HardwareToken) -> Self {
        Self { id: token.id.to_string(), name: token.serial.as_str().to_owned() }
    }
}

fn refused(refused: Refused) -> Refusal {
    Refusal::state(refused.code(), refused.to_string())
}

/// S4.17: judged as the first code of a wizard is. A wrong one counts nothing.
fn first_step(secret: &TotpSecret, code: &str, draft: &Draft<'_>) -> Result<Step, FieldError> {
    let code = Code::parse("code", code)?;
    let window = draft.organization.settings.window;
    let around = Around { now: draft.now, window, drift: Drift::default() };
    match secret.matching(&code, around, Step::NONE) {
        Match::Fresh(step) => Ok(step),
        Match::Used | Match::None => {
            let message =
                "That is not this token's code. Check its serial number and type the code it shows now.";
            Err(FieldError::new("code", message))
        }
    }
}

impl App {
    /// At most `limit` of the tokens that match.
    pub async fn tokens(
        &self,
        _: &Granted<ViewUsers>,
        filter: &TokenFilter,
        page: &Page,
        limit: i64,
    ) -> Result<TokenPage, Problem> {
        let id = self.organization().await?.id;
        let mut tokens = table::token::page(&self.0.store, id, filter, page, limit + 1).await?;
        let (has_newer, has_older) = trim(&mut tokens, Read::from(page), limit);
        Ok(TokenPage { tokens, has_newer, has_older })
    }

    /// How many tokens match.
    pub async fn count_tokens(&self, _: &Granted<ViewUsers>, filter: &TokenFilter) -> Result<i64, Problem> {
        let id = self.organization().await?.id;
        Ok(table::token::count(&self.0.store, id, filter).await?)
    }

    async fn load_token(&self, id: TokenId) -> Result<SealedToken, Refusal> {
        let organization = self.organization().await?.id;
        let found = table::token::by_id(&self.0.store, organization, id).await?;
        found.ok_or(Refusal::NotFound("token"))
    }

    /// One token.
    pub async fn token(&self, _: &Granted<ViewUsers>, id: TokenId) -> Result<HardwareToken, Refusal> {
        Ok(self.load_token(id).await?.token)
    }

    /// The same with its user's e-mail and its revision.
    pub async fn listed_token(&self, _: &Granted<ViewUsers>, id: TokenId) -> Result<ListedToken, Refusal> {
        let organization = self.organization().await?.id;
        let found = table::token::listed(&self.0.store, organization, id).await?;
        found.ok_or(Refusal::NotFound("token"))
    }

    async fn held_by(&self, account: AccountId) -> Result<Option<SealedToken>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::token::of_account(&self.0.store, organization, account).await?)
    }

    /// The token that a user was given, confirmed or not.
    pub async fn token_of(
        &self,
        _: &Granted<ViewUsers>,
        user: AccountId,
    ) -> Result<Option<HardwareToken>, Problem> {
        Ok(self.held_by(user).await?.map(|sealed| sealed.token))
    }

    fn token_secret(&self, sealed: &SealedToken) -> Result<TotpSecret, Problem> {
        let opened = self.0.sealer.open(secret_place(sealed.token.id), &sealed.secret)?;
        Ok(TotpSecret::new(opened.expose().clone()))
    }

    /// Gives a token of the stock to a user without a factor. With its code it is their factor at once; without,
    /// as soon as they enter one.
    pub async fn assign_token(
        &self,
        granted: &Granted<ManageUsers>,
        user: AccountId,
        serial: &str,
        code: FirstCode<'_>,
    ) -> Result<Account, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let serial = Serial::parse("serial", serial)?;
        until_decided!({
            let account = self.load_account(Realm::User, user).await?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            let id = draft.organization.id;
            let found = table::token::by_serial(&self.0.store, id, &serial).await?;
            let unknown = || FieldError::new("serial", "There is no token with this serial number in stock.");
            let sealed = found.ok_or_else(unknown)?;
            let token = &sealed.token;
            let given =
                token.whereabouts.given_to(account.id, account.mfa.enrollment, draft.organization.totp);
            given.map_err(refused)?;
            // Another token that the user was given before and never confirmed goes back.
            draft.write(table::token::release(id, account.id));
            draft.write(table::token::give(id, token.id, account.id, draft.now));
            let confirmed = matches!(code, FirstCode::Now(_));
            let after = match code {
                FirstCode::Now(code) => {
                    let secret = self.token_secret(&sealed)?;
                    let step = first_step(&secret, code, &draft)?;
                    draft.write(table::token::confirm(id, token.id, account.id, draft.now));
                    let after = self.enrolled_with(&mut draft, &account, &secret, step)?;
                    Account { revision: after.revision + 1, ..after }
                }
                FirstCode::Later => {
                    draft.write(table::account::unchanged(id, &account));
                    account.clone()
                }
            };
            let details = json!({ "serial": token.serial.as_str(), "confirmed": confirmed });
            draft.log("user.mfa.token.assign", &Target::from(&account), "success", details);
            (draft.commit().await? == Commit::Committed).then_some(after)
        })
    }

    /// Writes a factor with the token's secret, sealed anew for its place, and the account that has it. The
    /// requirement stays (S4.6); `step` is used up.
    fn enrolled_with(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        secret: &TotpSecret,
        step: Step,
    ) -> Result<Account, Problem> {
        let (id, now) = (draft.organization.id, draft.now);
        let factor = Factor::confirmed(FactorId::new(now, self.random()), account.id, step, now);
        let place = factor::secret_place(factor.id);
        let sealed = self.0.sealer.seal(place, self.random(), secret.expose())?;
        let after = Account { mfa: account.mfa.enrolled(factor.id), ..account.clone() };
        draft.write(factor::insert(id, &factor, sealed));
        draft.write(table::account::save(id, &after));
        let cause = format!("mfa_set_up:{}", factor.id);
        draft.mail_of_change(Kind::MfaSetUp, &after, &cause, Facts::default())?;
        Ok(after)
    }

    /// Takes a token back from a user who has not entered its first code.
    pub async fn take_token_back(&self, granted: &Granted<ManageUsers>, id: TokenId) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        until_decided!({
            let token = self.load_token(id).await?.token;
            let account = token.whereabouts.taken_back_from().map_err(refused)?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            draft.write(table::token::take_back(draft.organization.id, id, account));
            draft.log("token.take_back", &Target::from(&token), "success", json!({ "user": account }));
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }

    /// The same by its user.
    pub async fn take_token_back_from(
        &self,
        granted: &Granted<ManageUsers>,
        user: AccountId,
    ) -> Result<(), Refusal> {
        self.load_account(Realm::User, user).await?;
        let held = self.held_by(user).await?.ok_or(Refusal::NotFound("token of this user"))?;
        self.take_token_back(granted, held.token.id).await
    }

    /// Forgets a token that is in stock, and its secret.
    pub async fn delete_token(&self, granted: &Granted<ManageUsers>, id: TokenId) -> Result<(), Refusal> {
        until_decided!({
            let token = self.load_token(id).await?.token;
            token.whereabouts.deletable().map_err(refused)?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            draft.write(table::token::delete(draft.organization.id, id));
            draft.log("token.delete", &Target::from(&token), "success", nothing());
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }

    /// The token whose first code the person is to enter, if an administrator gave them one.
    pub async fn waiting_token(&self, who: &Enroller) -> Result<Option<Serial>, Problem> {
        match who.account.mfa.enrollment {
            Enrollment::Enrolled(_) => Ok(None),
            Enrollment::NotEnrolled => {
                Ok(self.held_by(who.account.id).await?.map(|sealed| sealed.token.serial))
            }
        }
    }

    /// S4.6: the first code of the token that the person was given makes it their factor. The session goes on,
    /// every other one ends, and there are new recovery codes (S4.9).
    pub async fn confirm_token(&self, who: &Enroller, code: &str) -> Result<Confirmed, Refusal> {
        let organization = self.organization().await?;
        self.may_enroll(who, &organization)?;
        let account = &who.account;
        let held = self.held_by(account.id).await?.ok_or(Refusal::NotFound("token that waits for you"))?;
        let given = held.token.whereabouts.given_to(account.id, account.mfa.enrollment, organization.totp);
        given.map_err(refused)?;
        let mut draft = Draft::of(self, &who.actor, organization);
        let secret = self.token_secret(&held)?;
        let step = first_step(&secret, code, &draft)?;
        let id = draft.organization.id;
        draft.write(table::token::confirm(id, held.token.id, account.id, draft.now));
        let after = self.enrolled_with(&mut draft, account, &secret, step)?;
        draft.write(table::session::take(id, &who.session));
        draft.write(table::session::end_all(id, account.id));
        let codes = self.new_recovery_codes(&mut draft, account.id);
        let details = json!({ "token": held.token.serial.as_str() });
        draft.log("user.mfa.set_up", &Target::from(account), "success", details);
        let session = self.new_session(&mut draft, &after, Proven::Code, &who.origin);
        match draft.commit().await? {
            Commit::Committed => Ok(Confirmed { session, codes }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}
