//! Values that go into a statement and come out of a row, the same for both databases.

use crate::StoreError;
use bytes::BytesMut;
use claviger_domain::{id, time::Timestamp, totp::Step};
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::error::Error as StdError;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number; points in time are microseconds since the epoch.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// An identifier.
    Uuid(Uuid),
}

macro_rules! values {
    ($($from:ty => |$name:ident| $make:expr),* $(,)?) => { $(
        impl From<$from> for Value {
            fn from($name: $from) -> Self { $make }
        }
    )* };
}

values! {
    i64 => |x| Self::Int(x),
    u32 => |x| Self::Int(i64::from(x)),
    i32 => |x| Self::Int(i64::from(x)),
    // PostgreSQL knows no NUL in text; what is compared or kept is the same on both databases without it.
    String => |x| Self::Text(if x.contains('\0') { x.replace('\0', "") } else { x }),
    &str => |x| Self::from(x.to_owned()),
    &String => |x| Self::from(x.clone()),
    Vec<u8> => |x| Self::Blob(x),
    [u8; 32] => |x| Self::Blob(x.to_vec()),
    Uuid => |x| Self::Uuid(x),
    Timestamp => |x| Self::Int(x.0),
    Step => |x| Self::Int(x.0),
    id::OrganizationId => |x| Self::Uuid(x.0),
    id::AccountId => |x| Self::Uuid(x.0),
    id::FactorId => |x| Self::Uuid(x.0),
    id::SessionId => |x| Self::Uuid(x.0),
    id::LinkId => |x| Self::Uuid(x.0),
    id::MailId => |x| Self::Uuid(x.0),
    id::AuditId => |x| Self::Uuid(x.0),
    id::ApiKeyId => |x| Self::Uuid(x.0),
    id::JobId => |x| Self::Uuid(x.0),
    id::GroupId => |x| Self::Uuid(x.0),
    id::TokenId => |x| Self::Uuid(x.0),
    id::ResetId => |x| Self::Uuid(x.0),
    id::DeviceId => |x| Self::Uuid(x.0),
    id::ConnectKeyId => |x| Self::Uuid(x.0),
    id::ApplicationId => |x| Self::Uuid(x.0),
    id::ApplicationKeyId => |x| Self::Uuid(x.0),
    id::OidcKeyId => |x| Self::Uuid(x.0),
    id::OidcGrantId => |x| Self::Uuid(x.0),
    id::DeviceGroupId => |x| Self::Uuid(x.0),
    id::BreakGlassId => |x| Self::Uuid(x.0),
    id::PolicyId => |x| Self::Uuid(x.0),
    id::CommandId => |x| Self::Uuid(x.0),
    id::RunId => |x| Self::Uuid(x.0),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The parameters of a statement, in the order of its placeholders.
#[macro_export]
macro_rules! p {
    ($($value:expr),* $(,)?) => { vec![$($crate::Value::from($value)),*] };
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(x) => ValueRef::Integer(*x),
            Self::Text(x) => ValueRef::Text(x.as_bytes()),
            Self::Blob(x) => ValueRef::Blob(x),
            Self::Uuid(x) => ValueRef::Blob(x.as_bytes()),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(x) if *ty == Type::INT4 => i32::try_from(*x)?.to_sql(ty, out),
            Self::Int(x) => x.to_sql(ty, out),
            Self::Text(x) => x.to_sql(ty, out),
            Self::Blob(x) => x.to_sql(ty, out),
            Self::Uuid(x) => x.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row of either database.
#[derive(Debug)]
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// Column `index` as `T`.
    pub fn get<T: Column>(&self, index: usize) -> Result<T, StoreError> {
        T::read(self, index)
    }
}

/// A type that a column can be read as.
pub trait Column: Sized {
    /// Reads column `index`.
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError>;
}

macro_rules! columns {
    ($($ty:ty),*) => { $(
        impl Column for $ty {
            fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
                Ok(match row {
                    Row::Sqlite(row) => row.get(index)?,
                    Row::Postgres(row) => row.try_get(index)?,
                })
            }
        }
        impl Column for Option<$ty> {
            fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
                Ok(match row {
                    Row::Sqlite(row) => row.get(index)?,
                    Row::Postgres(row) => row.try_get(index)?,
                })
            }
        }
    )* };
}

columns!(i64, String, Vec<u8>);

impl Column for Option<Uuid> {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        Ok(match row {
            Row::Sqlite(row) => row.get::<_, Option<[u8; 16]>>(index)?.map(Uuid::from_bytes),
            Row::Postgres(row) => row.try_get(index)?,
        })
    }
}

impl Column for Uuid {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        Option::<Uuid>::read(row, index)?.ok_or_else(|| StoreError::corrupt("an id is missing"))
    }
}

impl Column for [u8; 32] {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        Vec::<u8>::read(row, index)?
            .try_into()
            .map_err(|_| StoreError::corrupt("a hash is not 32 bytes long"))
    }
}

/// What a query makes of each row.
pub trait FromRow: Sized + Send + 'static {
    /// Reads the row.
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError>;
}

impl FromRow for i64 {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        row.get(0)
    }
}

impl FromRow for String {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        row.get(0)
    }
}

impl FromRow for Uuid {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        row.get(0)
    }
}

impl FromRow for (String, i64) {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok((row.get(0)?, row.get(1)?))
    }
}

impl FromRow for (i64, i64) {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok((row.get(0)?, row.get(1)?))
    }
}

impl FromRow for Vec<u8> {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        row.get(0)
    }
}
