//! How often something was changed, whatever it is: read, and held fast while a batch is committed (S13.1).

use crate::{Statement, Store, StoreError, Value, p};
use claviger_domain::{
    id::OrganizationId,
    revision::{Resource, Seen},
};

/// The revision, the row that has it, and the place of the expected revision among the parameters. What was never
/// set up has revision 0, and its organization is held in its place.
macro_rules! revisions {
    ($($resource:pat => $revision:literal, $from:literal, $expected:literal;)*) => {
        const fn select(resource: Resource) -> &'static str {
            match resource { $($resource => concat!("SELECT ", $revision, $from)),* }
        }

        const fn select_unchanged(resource: Resource) -> &'static str {
            match resource {
                $($resource => concat!("SELECT ", $revision, $from, " AND ", $revision, " = ", $expected)),*
            }
        }
    };
}

revisions! {
    Resource::Organization => "o.revision", " FROM organization o WHERE o.id = $1", "$2";
    Resource::Logo => "l.changed_at", " FROM logo l WHERE l.organization = $1", "$2";
    Resource::Smtp => "COALESCE((SELECT s.revision FROM smtp s WHERE s.organization = $1), 0)",
        " FROM organization o WHERE o.id = $1", "$2";
    Resource::MailText(_) =>
        "COALESCE((SELECT t.revision FROM mail_text t WHERE t.organization = $1 AND t.kind = $2), 0)",
        " FROM organization o WHERE o.id = $1", "$3";
    Resource::LogStream(_) =>
        "COALESCE((SELECT s.revision FROM log_stream s WHERE s.organization = $1 AND s.kind = $2), 0)",
        " FROM organization o WHERE o.id = $1", "$3";
    Resource::Account(_) => "a.revision", " FROM account a WHERE a.organization = $1 AND a.id = $2", "$3";
    Resource::Group(_) => "g.revision", " FROM user_group g WHERE g.organization = $1 AND g.id = $2", "$3";
    Resource::Token(_) => "t.revision", " FROM hardware_token t WHERE t.organization = $1 AND t.id = $2", "$3";
    Resource::Device(_) => "d.revision", " FROM device d WHERE d.organization = $1 AND d.id = $2", "$3";
    Resource::DeviceGroup(_) => "g.revision", " FROM device_group g WHERE g.organization = $1 AND g.id = $2", "$3";
    Resource::Application(_) => "a.revision", " FROM application a WHERE a.organization = $1 AND a.id = $2", "$3";
    Resource::ConnectKey(_) => "k.revision", " FROM connect_key k WHERE k.organization = $1 AND k.id = $2", "$3";
    Resource::Policy(_) => "p.revision", " FROM policy p WHERE p.organization = $1 AND p.id = $2", "$3";
    Resource::Command(_) => "c.revision", " FROM command c WHERE c.organization = $1 AND c.id = $2", "$3";
}

fn values(organization: OrganizationId, resource: Resource) -> Vec<Value> {
    match resource {
        Resource::Organization | Resource::Logo | Resource::Smtp => p![organization],
        Resource::MailText(kind) => p![organization, kind.key()],
        Resource::LogStream(kind) => p![organization, kind.key()],
        Resource::Account(id) => p![organization, id],
        Resource::Group(id) => p![organization, id],
        Resource::Token(id) => p![organization, id],
        Resource::Device(id) => p![organization, id],
        Resource::DeviceGroup(id) => p![organization, id],
        Resource::Application(id) => p![organization, id],
        Resource::ConnectKey(id) => p![organization, id],
        Resource::Policy(id) => p![organization, id],
        Resource::Command(id) => p![organization, id],
    }
}

/// Its revision; nothing if there is no such thing.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    resource: Resource,
) -> Result<Option<i64>, StoreError> {
    store.first(select(resource), values(organization, resource)).await
}

/// Holds what was seen as it is until the batch is committed; a conflict if it was changed.
pub fn unchanged(organization: OrganizationId, seen: Seen) -> Statement {
    let mut values = values(organization, seen.resource);
    values.push(seen.revision.into());
    Statement::guard(select_unchanged(seen.resource), values)
}
