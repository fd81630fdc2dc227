//! Which applications were told of somebody, and by which name (S10.1).

use super::unknown;
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    application::saml::NameId,
    id::{AccountId, ApplicationId, OrganizationId, SessionId},
    time::Timestamp,
};

/// That an application was told of somebody in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// In which session.
    pub session: SessionId,
    /// Which application.
    pub application: ApplicationId,
    /// Of whom.
    pub account: AccountId,
    /// What kind of name it was told.
    pub name_kind: NameId,
    /// The name.
    pub name_id: String,
    /// What it was told that the session is called.
    pub session_index: String,
    /// When it was told last.
    pub visited_at: Timestamp,
}

impl FromRow for Visit {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let kind: String = row.get(3)?;
        Ok(Self {
            session: SessionId(row.get(0)?),
            application: ApplicationId(row.get(1)?),
            account: AccountId(row.get(2)?),
            name_kind: NameId::from_key(&kind).ok_or_else(|| unknown("kind of a name", &kind))?,
            name_id: row.get(4)?,
            session_index: row.get(5)?,
            visited_at: Timestamp(row.get(6)?),
        })
    }
}

macro_rules! visit_columns {
    () => {
        "v.session, v.application, v.account, v.name_kind, v.name_id, v.session_index, v.visited_at"
    };
}

/// What applications were told in a session.
pub async fn of_session(
    store: &Store,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Vec<Visit>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        visit_columns!(),
        " FROM application_visit v WHERE v.organization = $1 AND v.session = $2 ORDER BY v.application"
    );
    store.query(SQL, p![organization, session]).await
}

/// What an application was told by that name, in the sessions that it calls so; in all of them if it names none.
pub async fn by_name(
    store: &Store,
    organization: OrganizationId,
    application: ApplicationId,
    (name, indexes): (&str, &[String]),
) -> Result<Vec<Visit>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        visit_columns!(),
        " FROM application_visit v WHERE v.organization = $1 AND v.application = $2 AND v.name_id = $3"
    );
    let mut select = Select::new(SQL, p![organization, application, name]);
    if !indexes.is_empty() {
        select = select.list(" AND v.session_index IN (", indexes.iter().map(Value::from), ")");
    }
    store.select(select.text(" ORDER BY v.session")).await
}

/// Notes what an application was told, in place of what it was told before.
pub fn put(organization: OrganizationId, visit: &Visit) -> Statement {
    const SQL: &str = "INSERT INTO application_visit (organization, session, application, account, name_kind, name_id, \
        session_index, visited_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (organization, session, application) DO UPDATE SET name_kind = excluded.name_kind, \
        name_id = excluded.name_id, session_index = excluded.session_index, visited_at = excluded.visited_at";
    Statement::new(
        SQL,
        p![
            organization,
            visit.session,
            visit.application,
            visit.account,
            visit.name_kind.key(),
            &visit.name_id,
            &visit.session_index,
            visit.visited_at,
        ],
    )
}

/// Forgets one, as the application was told that it is over; a conflict if somebody did before.
pub fn take(organization: OrganizationId, visit: &Visit) -> Statement {
    const SQL: &str =
        "DELETE FROM application_visit WHERE organization = $1 AND session = $2 AND application = $3";
    Statement::new(SQL, p![organization, visit.session, visit.application]).expect_rows(1)
}

/// Forgets what no session and no log-out needs any more.
pub fn forget(organization: OrganizationId) -> Statement {
    const SQL: &str = "DELETE FROM application_visit WHERE organization = $1 \
        AND NOT EXISTS (SELECT 1 FROM session s WHERE s.organization = $1 AND s.id = application_visit.session) \
        AND NOT EXISTS (SELECT 1 FROM saml_log_out_session l WHERE l.organization = $1 AND l.session = application_visit.session)";
    Statement::new(SQL, p![organization])
}

/// Forgets all of an application.
pub fn forget_application(organization: OrganizationId, application: ApplicationId) -> Statement {
    const SQL: &str = "DELETE FROM application_visit WHERE organization = $1 AND application = $2";
    Statement::new(SQL, p![organization, application])
}

/// The name that an application alone knows a user by, if it has one.
pub async fn subject(
    store: &Store,
    organization: OrganizationId,
    (application, account): (ApplicationId, AccountId),
) -> Result<Option<String>, StoreError> {
    const SQL: &str =
        "SELECT name FROM application_subject WHERE organization = $1 AND application = $2 AND account = $3";
    store.first(SQL, p![organization, application, account]).await
}

/// Gives a user their name at an application; a conflict if they have one.
pub fn name_subject(
    organization: OrganizationId,
    (application, account): (ApplicationId, AccountId),
    (name, now): (&str, Timestamp),
) -> Statement {
    const SQL: &str = "INSERT INTO application_subject (organization, application, account, name, created_at) \
        VALUES ($1, $2, $3, $4, $5)";
    Statement::new(SQL, p![organization, application, account, name, now])
}

/// Forgets the names of all users at an application.
pub fn forget_subjects(organization: OrganizationId, application: ApplicationId) -> Statement {
    const SQL: &str = "DELETE FROM application_subject WHERE organization = $1 AND application = $2";
    Statement::new(SQL, p![organization, application])
}
