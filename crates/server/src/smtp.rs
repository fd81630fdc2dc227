//! Mail by SMTP, with TLS unless the administrator chose none.

use crate::world::SystemClock;
use claviger_app::stored::Encryption;
use claviger_app::{
    mail::Message,
    ports::{Clock, MailError, Mailer, Sending, SmtpServer},
};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use std::time::{Duration, UNIX_EPOCH};

const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Smtp {
    clock: SystemClock,
}

impl Smtp {
    pub(crate) const fn new(clock: SystemClock) -> Self {
        Self { clock }
    }

    async fn deliver(&self, server: &SmtpServer, message: &Message) -> Result<(), MailError> {
        let letter = self.letter(server, message)?;
        transport(server)?.send(letter).await.map(drop).map_err(|error| MailError(describe(&error)))
    }

    fn letter(&self, server: &SmtpServer, message: &Message) -> Result<Letter, MailError> {
        let micros = u64::try_from(self.clock.now().0).unwrap_or_default();
        let name = (!server.from_name.is_empty()).then(|| server.from_name.clone());
        let from = Mailbox::new(name, address(&server.from_address)?);
        let domain = from.email.domain().to_owned();
        Letter::builder()
            .from(from)
            .to(Mailbox::new(None, address(&message.to)?))
            .subject(&message.subject)
            .date(UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{}@{domain}>", message.id)))
            .multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
            .map_err(|error| MailError(error.to_string()))
    }
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, server: &'a SmtpServer, message: &'a Message) -> Sending<'a> {
        Box::pin(self.deliver(server, message))
    }
}

fn address(text: &str) -> Result<Address, MailError> {
    text.parse().map_err(|error| MailError(format!("{text}: {error}")))
}

fn transport(server: &SmtpServer) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let parameters = || TlsParameters::new(server.host.clone()).map_err(|error| MailError(describe(&error)));
    let tls = match server.encryption {
        Encryption::Implicit => Tls::Wrapper(parameters()?),
        Encryption::StartTls => Tls::Required(parameters()?),
        Encryption::Plain => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(TIMEOUT));
    if let Some((name, password)) = &server.credentials {
        builder = builder.credentials(Credentials::new(name.clone(), password.expose().clone()));
    }
    Ok(builder.build())
}

/// The whole story: the outer error alone says little.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}
