//! Mail by SMTP, with TLS unless the administrator chose none.

mod lines;

use crate::world::SystemClock;
use claviger_app::{
    logo::Logo,
    mail::{LOGO_ID, Message},
    ports::{Clock, MailError, Mailer, Sending, SmtpServer},
};
use lettre::{
    Address, Message as Letter,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        Error,
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
    },
};
use lines::Lines;
use std::{
    error::Error as _,
    time::{Duration, UNIX_EPOCH},
};

/// A server that says nothing must not hold up the mails behind this one.
const TAKE_WITHIN: Duration = Duration::from_secs(120);

pub(crate) struct Smtp {
    clock: SystemClock,
    lines: Lines,
}

impl Smtp {
    pub(crate) fn new(clock: SystemClock) -> Self {
        Self { clock, lines: Lines::default() }
    }

    async fn deliver(&self, server: &SmtpServer, message: &Message) -> Result<(), MailError> {
        let letter = self.letter(server, message)?;
        let mail = Mail::new(letter.envelope().from().cloned(), Vec::new());
        let mut line = self.lines.begin(server, &mail).await?;
        let taken = within(TAKE_WITHIN, Box::pin(converse(&mut line.connection, &letter))).await.flatten();
        match &taken {
            Ok(()) => self.lines.keep(line).await,
            Err(_) => line.hang_up().await,
        }
        taken
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
            .multipart(parts(message)?)
            .map_err(|error| MailError::Failed(error.to_string()))
    }
}

/// Text and HTML, and beside the HTML the logo that it shows.
fn parts(message: &Message) -> Result<MultiPart, MailError> {
    let text = MultiPart::alternative().singlepart(SinglePart::plain(message.text.clone()));
    let html = SinglePart::html(message.html.clone());
    Ok(match &message.logo {
        None => text.singlepart(html),
        Some(logo) => text.multipart(MultiPart::related().singlepart(html).singlepart(inline(logo)?)),
    })
}

fn inline(logo: &Logo) -> Result<SinglePart, MailError> {
    let media_type = ContentType::parse(logo.format.media_type())
        .map_err(|error| MailError::Failed(format!("the logo: {error}")))?;
    let part = Attachment::new_inline_with_name(LOGO_ID.into(), logo.format.file_name().into());
    Ok(part.body(logo.image.clone(), media_type))
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, server: &'a SmtpServer, message: &'a Message) -> Sending<'a> {
        Box::pin(self.deliver(server, message))
    }
}

fn address(text: &str) -> Result<Address, MailError> {
    text.parse().map_err(|error| MailError::Failed(format!("{text}: {error}")))
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, MailError> {
    let late = |_| MailError::Failed("the mail server took too long".into());
    tokio::time::timeout(limit, work).await.map_err(late)
}

/// The rest of a mail that was begun: one command after the other, because it counts which of them is refused.
async fn converse(connection: &mut AsyncSmtpConnection, letter: &Letter) -> Result<(), MailError> {
    let failed = |error: Error| MailError::Failed(describe(&error));
    for to in letter.envelope().to() {
        let told = connection.command(Rcpt::new(to.clone(), Vec::new())).await;
        told.map_err(|error| judge(&error, Step::Recipient))?;
    }
    connection.command(Data).await.map_err(failed)?;
    connection.message(&letter.formatted()).await.map_err(|error| judge(&error, Step::Content))?;
    Ok(())
}

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Recipient,
    Content,
}

fn judge(error: &Error, step: Step) -> MailError {
    let code = error.status().map(|code| code.to_string()).unwrap_or_default();
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    if blames_address(&code, &words, step) {
        MailError::AddressRefused(describe(error))
    } else {
        MailError::Failed(describe(error))
    }
}

/// S4.10: whether there is no such mailbox, or none that takes mail. What a server holds against the sender or the
/// words passes once somebody mends it, and so do its own troubles.
fn blames_address(code: &str, words: &str, step: Step) -> bool {
    match (enhanced(words), step) {
        // RFC 3463: the subject 1 is the address, with 7 and 8 for the sender's; 2 is the mailbox.
        (Some((5, 1, detail)), _) => !matches!(detail, 7 | 8),
        (Some((5, 2, _)), _) => true,
        // Exchange Online's answer for a recipient that it doesn't have.
        (Some((5, 4, 1)), Step::Recipient) => true,
        (Some(_), _) | (None, Step::Content) => false,
        (None, Step::Recipient) => matches!(code, "550" | "551" | "552" | "553"),
    }
}

/// The status code of RFC 3463 that the answer begins with.
fn enhanced(words: &str) -> Option<(u16, u16, u16)> {
    let mut numbers = words.split_whitespace().next()?.splitn(3, '.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
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

#[cfg(test)]
mod tests {
    use super::{Step, blames_address};

    #[test]
    fn only_a_mailbox_that_takes_no_mail_is_a_bounce() {
        use Step::{Content, Recipient};
        for (code, words, step) in [
            ("550", "5.1.1 <x@acme.test>: Recipient address rejected: User unknown", Recipient),
            ("550", "5.1.1 no such user", Content),
            ("550", "No such user here", Recipient),
            ("552", "5.2.2 mailbox full", Recipient),
            ("550", "5.4.1 Recipient address rejected: Access denied", Recipient),
            ("553", "5.1.10 null MX", Recipient),
        ] {
            assert!(blames_address(code, words, step), "{code} {words}");
        }
        for (code, words, step) in [
            ("451", "4.2.1 try later", Recipient),
            ("450", "greylisted", Recipient),
            ("554", "5.7.1 Relay access denied", Recipient),
            ("530", "5.7.0 Must issue a STARTTLS command first", Recipient),
            ("550", "5.1.8 sender's domain not found", Recipient),
            ("554", "5.7.1 looks like spam", Content),
            ("550", "not wanted here", Content),
            ("", "", Recipient),
        ] {
            assert!(!blames_address(code, words, step), "{code} {words}");
        }
    }
}
