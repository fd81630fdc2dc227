//! First run: one single-use link, and what the wizard behind it makes (S2.1).

use crate::{
    App, Problem, Refusal, Token,
    draft::{Draft, Target, nothing},
    session::{NewSession, Origin},
    token,
};
use claviger_domain::{
    account::{Account, Email, Kind, Password, PersonName, State},
    field::Fields,
    id::{AccountId, LinkId},
    mfa::{Enrollment, Mfa, Requirement},
    organization::parse_name,
    password::{self, Context},
    permission::Role,
    sign_in::Proven,
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        link::{Link, Purpose},
    },
};

/// What the wizard's form has.
#[derive(Clone, Debug, Default)]
pub struct SetUpForm {
    /// The organization's name.
    pub organization: String,
    /// The first administrator's given name.
    pub first_name: String,
    /// Their family name.
    pub last_name: String,
    /// Their e-mail.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// Whether an installation has been set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installation {
    /// The wizard is waiting.
    Fresh,
    /// It has been through.
    SetUp,
}

impl App {
    /// Whether the wizard has been through.
    pub async fn installation(&self) -> Result<Installation, Problem> {
        let stored = table::organization::load(&self.0.store).await?;
        Ok(match stored.and_then(|stored| stored.set_up_at) {
            Some(_) => Installation::SetUp,
            None => Installation::Fresh,
        })
    }

    /// A new setup link, which makes any earlier one dead; none once the installation is set up.
    pub async fn setup_link(&self) -> Result<Option<String>, Problem> {
        if self.installation().await? == Installation::SetUp {
            return Ok(None);
        }
        let organization = self.organization().await?;
        let now = self.now();
        let token = Token::new("", self.random());
        let link = Link {
            id: LinkId::new(now, self.random()),
            token_hash: token.hash(),
            account: None,
            purpose: Purpose::SetUp,
            created_at: now,
            expires_at: now.plus(Purpose::SetUp.lifetime()),
            used_at: None,
        };
        let batch = Batch::of([
            table::link::kill_setup(organization.id),
            table::link::insert(organization.id, &link),
        ]);
        match self.0.store.commit(batch).await? {
            Commit::Committed => Ok(Some(format!("{}/setup/{}", self.0.public_url, token.expose()))),
            Commit::Conflict => Err(Problem::Busy),
        }
    }

    async fn live_setup_link(&self, token: &str) -> Result<Link, Refusal> {
        let organization = self.organization().await?;
        let link = table::link::find(&self.0.store, organization.id, token::hash(token)).await?;
        link.filter(|link| {
            link.purpose == Purpose::SetUp && link.used_at.is_none() && link.expires_at > self.now()
        })
        .ok_or(Refusal::NotFound("setup link"))
    }

    /// Whether the link still opens the wizard.
    pub async fn check_setup_link(&self, token: &str) -> Result<(), Refusal> {
        self.live_setup_link(token).await.map(drop)
    }

    /// S2.1: names the organization and makes its first administrator, who must set MFA up next. Of two wizards
    /// at once one wins.
    pub async fn set_up(
        &self,
        token: &str,
        form: &SetUpForm,
        origin: &Origin,
    ) -> Result<NewSession, Refusal> {
        let link = self.live_setup_link(token).await?;
        let (name, mut administrator, password) = self.parse_set_up(form)?;
        administrator.password = Password::Active(self.hash_password(&password).await?);
        let actor = origin.actor(&administrator);
        let mut draft = Draft::new(self, &actor).await?;
        let id = draft.organization.id;
        draft.write(table::link::take(id, &link, draft.now));
        draft.write(table::organization::set_up(id, &name, draft.now));
        draft.write(table::account::insert(id, &administrator));
        draft.log("organization.set_up", &Target { id: id.to_string(), name }, "success", nothing());
        draft.log("administrator.create", &Target::from(&administrator), "success", nothing());
        let session = self.new_session(&mut draft, &administrator, Proven::Password, origin);
        match draft.commit().await? {
            Commit::Committed => {
                self.forget_organization();
                Ok(session)
            }
            Commit::Conflict => Err(Refusal::NotFound("setup link")),
        }
    }

    fn parse_set_up(&self, form: &SetUpForm) -> Result<(String, Account, password::ClearPassword), Refusal> {
        let mut fields = Fields::new();
        let name = fields.take(parse_name("organization", &form.organization));
        let email = fields.take(Email::parse("email", &form.email));
        let person = match PersonName::parse(&form.first_name, &form.last_name, "") {
            Ok(person) => Some(person),
            Err(errors) => {
                errors.into_iter().for_each(|error| fields.refuse(error));
                None
            }
        };
        let names = [
            form.organization.as_str(),
            form.first_name.as_str(),
            form.last_name.as_str(),
            form.email.as_str(),
        ];
        let password =
            fields.take(password::parse("password", &form.password, Context { shortest: 12, names: &names }));
        let now = self.now();
        let administrator = email.zip(person).map(|(email, name)| Account {
            id: AccountId::new(now, self.random()),
            revision: 1,
            kind: Kind::Administrator { role: Role::AdministratorWithBilling },
            email,
            name,
            state: State::Activated,
            password: Password::Pending,
            mfa: Mfa { requirement: Requirement::AtOnce, enrollment: Enrollment::NotEnrolled },
            created_at: now,
            last_sign_in_at: None,
        });
        let parsed = name.zip(administrator).zip(password);
        Ok(fields.finish(parsed.map(|((name, administrator), password)| (name, administrator, password)))?)
    }
}
