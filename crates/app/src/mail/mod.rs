//! Mails: what they say (section 11), and their way out of the queue.

mod administrator_letters;
mod deliver;
mod letterhead;
mod letters;
mod reset_letters;
mod texts;
mod told;

pub(crate) use letterhead::{Addressed, Letterhead};
pub use texts::{MailKind, Preview, TextForm, Wording};

use crate::logo::Logo;
use claviger_domain::{id::MailId, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a mail needs to know beside its kind. Sealed in the queue, because a link is a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Where its button leads.
    pub link: Option<String>,
    /// A deadline, or the end of a lock.
    pub until: Option<Timestamp>,
    /// A number of days.
    pub days: Option<i64>,
    /// Who did it.
    pub actor: Option<String>,
    /// Whom it happened to, where that is somebody else than the mail is for.
    pub person: Option<String>,
    /// How many are left.
    pub left: Option<i64>,
    /// Where to say that it was somebody else.
    pub not_me: Option<String>,
    /// What the recipient is called.
    pub name: Option<String>,
    /// What the device is called that it is about.
    pub device: Option<String>,
}

/// A mail as it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Also its Message-ID, the same on every attempt.
    pub id: MailId,
    /// Where it goes.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
    /// The picture that the HTML shows as `cid:` and [`LOGO_ID`].
    pub logo: Option<Arc<Logo>>,
}

/// The Content-ID of the logo in a mail.
pub const LOGO_ID: &str = "logo@claviger";

/// A mail's words, without the sheet that they are put on.
struct Letter {
    subject: String,
    paragraphs: Vec<String>,
    button: &'static str,
}

impl Letter {
    fn new(subject: impl Into<String>, paragraphs: impl IntoIterator<Item = String>) -> Self {
        Self { subject: subject.into(), paragraphs: paragraphs.into_iter().collect(), button: "" }
    }

    fn button(self, button: &'static str) -> Self {
        Self { button, ..self }
    }
}
