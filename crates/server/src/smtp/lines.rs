//! Lines to mail servers: one that took a mail is kept for the next, so that a thousand mails don't ask the server a
//! thousand times who it is.

use super::{describe, within};
use claviger_app::{
    ports::{MailError, SmtpServer},
    stored::Encryption,
};
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    commands::Mail,
    extension::ClientId,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const CONNECT_WITHIN: Duration = Duration::from_secs(30);
/// A server that is still there answers what is said first or last.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a line waits for another mail. A test of the settings a moment later goes over a new one.
const KEPT_FOR: Duration = Duration::from_secs(2);
/// Mails over one line: many servers hang up after a hundred.
const MAILS_EACH: u32 = 100;

/// A line to a server.
pub(super) struct Line {
    to: SmtpServer,
    pub(super) connection: AsyncSmtpConnection,
    mails: u32,
}

/// Those that nobody speaks on.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// What the next one is called.
    number: u64,
    lines: Vec<(u64, Line)>,
}

impl Kept {
    fn put(&mut self, line: Line) -> u64 {
        self.number += 1;
        self.lines.push((self.number, line));
        self.number
    }

    fn take(&mut self, is_it: impl Fn(u64, &Line) -> bool) -> Option<Line> {
        let place = self.lines.iter().position(|(number, line)| is_it(*number, line))?;
        Some(self.lines.swap_remove(place).1)
    }
}

impl Lines {
    /// One on which the server waits for the recipients of a mail: one that is there still, or a new one. What a server
    /// that has enough of a line says at the begin of a mail is no word on the mail.
    pub(super) async fn begin(&self, server: &SmtpServer, mail: &Mail) -> Result<Line, MailError> {
        while let Some(mut line) = self.with(|kept| kept.take(|_, line| is_the_same(&line.to, server))) {
            if let Ok(Ok(_)) = within(ANSWER_WITHIN, line.connection.command(mail.clone())).await {
                return Ok(line);
            }
            line.hang_up().await;
        }
        let begun = within(CONNECT_WITHIN, Box::pin(connect(server, mail))).await?;
        let connection = begun.map_err(|error| MailError::Failed(describe(&error)))?;
        Ok(Line { to: server.clone(), connection, mails: 0 })
    }

    /// Keeps one whose mail was taken, for a while.
    pub(super) async fn keep(&self, mut line: Line) {
        line.mails += 1;
        if line.mails >= MAILS_EACH {
            return line.farewell().await;
        }
        let number = self.with(|kept| kept.put(line));
        let lines = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(KEPT_FOR).await;
            if let Some(line) = lines.with(|kept| kept.take(|found, _| found == number)) {
                line.farewell().await;
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Line {
    /// What becomes of the farewell says nothing of the mails that were taken.
    async fn farewell(mut self) {
        let _ = within(ANSWER_WITHIN, self.connection.quit()).await;
    }

    /// Hangs up in the middle of a mail.
    pub(super) async fn hang_up(mut self) {
        let _ = within(ANSWER_WITHIN, self.connection.abort()).await;
    }
}

/// Whether a line to the one is one to the other, under the same name.
fn is_the_same(one: &SmtpServer, other: &SmtpServer) -> bool {
    let to = |server: &SmtpServer| (server.port, server.encryption);
    to(one) == to(other) && one.host == other.host && one.credentials == other.credentials
}

async fn connect(server: &SmtpServer, mail: &Mail) -> Result<AsyncSmtpConnection, Error> {
    let hello = ClientId::default();
    let parameters = || TlsParameters::new(server.host.clone());
    let wrapper = match server.encryption {
        Encryption::Implicit => Some(parameters()?),
        Encryption::StartTls | Encryption::Plain => None,
    };
    let address = (server.host.as_str(), server.port);
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT_WITHIN), &hello, wrapper, None).await?;
    if server.encryption == Encryption::StartTls {
        connection.starttls(parameters()?, &hello).await?;
    }
    if let Some((name, password)) = &server.credentials {
        let credentials = Credentials::new(name.clone(), password.expose().clone());
        connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
    }
    connection.command(mail.clone()).await?;
    Ok(connection)
}
