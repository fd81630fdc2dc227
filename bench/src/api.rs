//! The API of the server under test, with the key of the seeded organization.

use crate::{http::Connection, seed::Seeded, server::Server};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::net::SocketAddr;

pub(crate) struct Api {
    address: SocketAddr,
    authorization: String,
}

impl Api {
    pub(crate) fn of(server: &Server, seeded: &Seeded) -> Self {
        Self {
            address: server.address,
            authorization: format!("authorization: Bearer {}\r\n", seeded.api_key),
        }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let mut connection = Connection::open(self.address).await?;
        let body = body.to_string();
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: localhost\r\n{}content-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.authorization,
            body.len()
        );
        let answer = connection.send(&request).await?;
        ensure!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
        Ok(serde_json::from_str(&answer.body).unwrap_or_default())
    }
}

/// The text of a field of an answer.
pub(crate) fn text(value: &Value, field: &str) -> Result<String> {
    value.get(field).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("no {field}"))
}
