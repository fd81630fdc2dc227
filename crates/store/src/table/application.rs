//! Applications, and which groups of users have them (S10).

use super::{refused, unknown};
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    application::{Access, Application, FreshCode, Name, Protocol, Tile},
    id::{AccountId, ApplicationId, GroupId, OrganizationId},
    time::Timestamp,
};

macro_rules! application_columns {
    () => {
        "a.id, a.revision, a.name, a.description, a.access, a.tile, a.fresh_code, a.fresh_minutes, a.protocol, \
         a.created_at"
    };
}

impl FromRow for Application {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (access, tile, fresh) = (row.get::<String>(4)?, row.get::<String>(5)?, row.get::<String>(6)?);
        let protocol: String = row.get(8)?;
        Ok(Self {
            id: ApplicationId(row.get(0)?),
            revision: row.get(1)?,
            name: Name::parse("name", &row.get::<String>(2)?).map_err(refused)?,
            description: row.get(3)?,
            access: Access::from_key(&access).ok_or_else(|| unknown("access", &access))?,
            tile: Tile::from_key(&tile).ok_or_else(|| unknown("tile", &tile))?,
            fresh_code: FreshCode::from_key(&fresh, row.get(7)?)
                .ok_or_else(|| unknown("fresh code", &fresh))?,
            protocol: serde_json::from_str(&protocol)
                .map_err(|error| unknown("protocol", &error.to_string()))?,
            created_at: Timestamp(row.get(9)?),
        })
    }
}

/// An application with how many groups have it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The application.
    pub application: Application,
    /// How many groups of users have it.
    pub groups: i64,
}

impl FromRow for Counted {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { application: Application::from_row(row)?, groups: row.get(10)? })
    }
}

/// Every application, by name.
pub async fn list(store: &Store, organization: OrganizationId) -> Result<Vec<Counted>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        application_columns!(),
        ", (SELECT count(*) FROM application_group g WHERE g.organization = a.organization AND g.application = a.id) \
          FROM application a WHERE a.organization = $1 ORDER BY a.name_key"
    );
    store.query(SQL, p![organization]).await
}

/// The application of that id.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    id: ApplicationId,
) -> Result<Option<Application>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        application_columns!(),
        " FROM application a WHERE a.organization = $1 AND a.id = $2"
    );
    store.first(SQL, p![organization, id]).await
}

/// The application that is called so among service providers.
pub async fn by_entity_id(
    store: &Store,
    organization: OrganizationId,
    entity_id: &str,
) -> Result<Option<Application>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        application_columns!(),
        " FROM application a WHERE a.organization = $1 AND a.entity_id = $2"
    );
    store.first(SQL, p![organization, entity_id]).await
}

/// The applications that a user's groups have, by name.
pub async fn of_user(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Vec<Application>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        application_columns!(),
        " FROM application a WHERE a.organization = $1 AND a.id IN ( \
          SELECT g.application FROM group_member m JOIN application_group g ON g.organization = m.organization \
          AND g.user_group = m.user_group WHERE m.organization = $1 AND m.account = $2) ORDER BY a.name_key"
    );
    store.query(SQL, p![organization, account]).await
}

/// The names of a user's groups that have an application; none if it isn't theirs.
pub async fn groups_of_user(
    store: &Store,
    organization: OrganizationId,
    application: ApplicationId,
    account: AccountId,
) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT u.name FROM application_group g \
        JOIN group_member m ON m.organization = g.organization AND m.user_group = g.user_group \
        JOIN user_group u ON u.organization = g.organization AND u.id = g.user_group \
        WHERE g.organization = $1 AND g.application = $2 AND m.account = $3 ORDER BY u.name_key";
    store.query(SQL, p![organization, application, account]).await
}

/// A group of users that has an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The group.
    pub user_group: GroupId,
    /// What it is called.
    pub name: String,
    /// How many are in it.
    pub members: i64,
}

impl FromRow for Assigned {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { user_group: GroupId(row.get(0)?), name: row.get(1)?, members: row.get(2)? })
    }
}

/// The groups that have an application, by name.
pub async fn groups(
    store: &Store,
    organization: OrganizationId,
    application: ApplicationId,
) -> Result<Vec<Assigned>, StoreError> {
    const SQL: &str = "SELECT u.id, u.name, (SELECT count(*) FROM group_member m \
        WHERE m.organization = u.organization AND m.user_group = u.id) FROM application_group g \
        JOIN user_group u ON u.organization = g.organization AND u.id = g.user_group \
        WHERE g.organization = $1 AND g.application = $2 ORDER BY u.name_key";
    store.query(SQL, p![organization, application]).await
}

/// A new application.
pub fn insert(organization: OrganizationId, application: &Application) -> Statement {
    const SQL: &str = "INSERT INTO application (organization, id, revision, name, name_key, description, access, tile, \
        fresh_code, fresh_minutes, entity_id, protocol, created_at) \
        VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let mut values = p![organization, application.id];
    values.extend(kept(application));
    values.extend(p![application.created_at]);
    Statement::new(SQL, values)
}

/// Writes the application as it now is, guarded on the revision that was loaded.
pub fn save(organization: OrganizationId, application: &Application) -> Statement {
    const SQL: &str = "UPDATE application SET name = $3, name_key = $4, description = $5, access = $6, tile = $7, \
        fresh_code = $8, fresh_minutes = $9, entity_id = $10, protocol = $11, revision = revision + 1 \
        WHERE organization = $1 AND id = $2 AND revision = $12";
    let mut values = p![organization, application.id];
    values.extend(kept(application));
    values.extend(p![application.revision]);
    Statement::new(SQL, values).expect_rows(1)
}

/// What a save writes, in the order of its placeholders from `$3`.
fn kept(application: &Application) -> Vec<crate::Value> {
    let entity_id = match &application.protocol {
        Protocol::Saml(settings) => Some(settings.entity_id.as_str()),
        Protocol::Oidc(_) => None,
    };
    p![
        application.name.as_str(),
        application.name.key(),
        &application.description,
        application.access.key(),
        application.tile.key(),
        application.fresh_code.key(),
        application.fresh_code.minutes(),
        entity_id,
        // Texts, numbers and lists of them: nothing that JSON can't say.
        serde_json::to_string(&application.protocol).unwrap_or_default(),
    ]
}

/// Deletes the application, who has it, what signs for it and what it was told.
pub fn delete(organization: OrganizationId, application: &Application) -> Vec<Statement> {
    const APPLICATION: &str = "DELETE FROM application WHERE organization = $1 AND id = $2 AND revision = $3";
    const GROUPS: &str = "DELETE FROM application_group WHERE organization = $1 AND application = $2";
    let [tokens, grants] = super::oidc::forget_application(organization, application.id);
    vec![
        Statement::new(APPLICATION, p![organization, application.id, application.revision]).expect_rows(1),
        Statement::new(GROUPS, p![organization, application.id]),
        super::application_key::forget(organization, application.id),
        super::application_visit::forget_application(organization, application.id),
        super::application_visit::forget_subjects(organization, application.id),
        tokens,
        grants,
    ]
}

/// The application is still there; a conflict if it was deleted meanwhile.
pub fn exists(organization: OrganizationId, application: ApplicationId) -> Statement {
    const SQL: &str = "SELECT 1 FROM application WHERE organization = $1 AND id = $2";
    Statement::guard(SQL, p![organization, application])
}

/// The application is as it was loaded, and that user has it; a conflict if not.
pub fn is_had_by(organization: OrganizationId, application: &Application, account: AccountId) -> Statement {
    const SQL: &str = "SELECT 1 FROM application a WHERE a.organization = $1 AND a.id = $2 AND a.revision = $3 \
        AND EXISTS (SELECT 1 FROM application_group g JOIN group_member m ON m.organization = g.organization \
        AND m.user_group = g.user_group WHERE g.organization = $1 AND g.application = $2 AND m.account = $4)";
    Statement::guard(SQL, p![organization, application.id, application.revision, account])
}

/// The applications that a group of users has, by name.
pub async fn of_group(
    store: &Store,
    organization: OrganizationId,
    group: GroupId,
) -> Result<Vec<Application>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        application_columns!(),
        " FROM application_group g JOIN application a ON a.organization = g.organization AND a.id = g.application \
          WHERE g.organization = $1 AND g.user_group = $2 ORDER BY a.name_key"
    );
    store.query(SQL, p![organization, group]).await
}

/// Gives an application to a group; nothing happens if the group has it.
pub fn assign(organization: OrganizationId, application: ApplicationId, group: GroupId) -> Statement {
    const SQL: &str = "INSERT INTO application_group (organization, application, user_group) VALUES ($1, $2, $3) \
        ON CONFLICT (organization, application, user_group) DO NOTHING";
    Statement::new(SQL, p![organization, application, group])
}

/// Takes an application from a group.
pub fn unassign(organization: OrganizationId, application: ApplicationId, group: GroupId) -> Statement {
    const SQL: &str =
        "DELETE FROM application_group WHERE organization = $1 AND application = $2 AND user_group = $3";
    Statement::new(SQL, p![organization, application, group])
}

/// Takes every application from a group that is no more.
pub(crate) fn forget_group(organization: OrganizationId, group: GroupId) -> Statement {
    const SQL: &str = "DELETE FROM application_group WHERE organization = $1 AND user_group = $2";
    Statement::new(SQL, p![organization, group])
}
