//! Settings › E-mail › Texts: what each kind of mail says, and whether it goes out (section 11).

use super::{Addressed, Facts, letters, told::Told};
use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    id::MailId,
    mail::Kind,
    mail_text::{MailText, Placeholder, Words},
    permission::{Granted, ManageOrganization},
    time::{Span, Timestamp},
};
use claviger_store::{
    Commit,
    table::mail_text::{self, Changed, Switch},
};
use serde_json::json;

/// Whose words a mail has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// The built-in ones.
    Original,
    /// The organization's.
    Own,
}

/// A kind of mail with what it says.
#[derive(Clone, Debug)]
pub struct MailKind {
    /// Which kind.
    pub kind: Kind,
    /// Counts every change; 0 for a kind that was never changed.
    pub revision: i64,
    /// Whether it goes out.
    pub switch: Switch,
    /// Whose words it has.
    pub wording: Wording,
    /// Its words, with placeholders.
    pub words: Words,
}

impl From<Changed> for MailKind {
    fn from(changed: Changed) -> Self {
        let Changed { kind, revision, switch, words } = changed;
        let wording = if words.is_some() { Wording::Own } else { Wording::Original };
        Self { kind, revision, switch, wording, words: words.unwrap_or_else(|| original(kind)) }
    }
}

/// The form as typed.
#[derive(Clone, Debug)]
pub struct TextForm {
    /// The revision that the form was filled from, if it was.
    pub revision: Option<i64>,
    /// Whether the mail goes out; of no account for one that always does.
    pub switch: Switch,
    /// Its subject.
    pub subject: String,
    /// Its paragraphs.
    pub body: String,
}

/// A mail as it would leave, with made-up facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Its subject.
    pub subject: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
    /// The words on its button; empty without one.
    pub button: &'static str,
    /// The whole mail as text.
    pub text: String,
}

/// The built-in words, with placeholders where a mail has its values.
fn original(kind: Kind) -> Words {
    let letter = letters::letter(kind, &Told::placeholders(kind));
    Words { subject: letter.subject, body: letter.paragraphs.join("\n\n") }
}

/// What a mail might be about.
fn sample(now: Timestamp, public_url: &str) -> Facts {
    Facts {
        link: Some(format!("{public_url}/…")),
        until: Some(now.plus(Span::days(7))),
        days: Some(7),
        actor: Some("ada@example.com".into()),
        person: None,
        left: Some(3),
        not_me: None,
        name: Some("Alice Example".into()),
        device: Some("web-1".into()),
    }
}

impl App {
    async fn mail_text(&self, kind: Kind) -> Result<Changed, Problem> {
        let organization = self.organization().await?.id;
        let all = mail_text::all(&self.0.store, organization).await?;
        Ok(all.into_iter().find(|changed| changed.kind == kind).unwrap_or_else(|| Changed::never(kind)))
    }

    /// Every kind of mail.
    pub async fn mail_kinds(&self, _: &Granted<ManageOrganization>) -> Result<Vec<MailKind>, Problem> {
        let organization = self.organization().await?.id;
        let mut all = mail_text::all(&self.0.store, organization).await?;
        let mut changed = |kind| match all.iter().position(|changed| changed.kind == kind) {
            Some(at) => all.swap_remove(at),
            None => Changed::never(kind),
        };
        Ok(Kind::ALL.into_iter().map(|kind| MailKind::from(changed(kind))).collect())
    }

    /// One kind of mail.
    pub async fn mail_kind(&self, _: &Granted<ManageOrganization>, kind: Kind) -> Result<MailKind, Problem> {
        Ok(self.mail_text(kind).await?.into())
    }

    /// Saves a mail's words and whether it goes out. Words that are the built-in ones are not kept, so that those of a
    /// later version take their place.
    pub async fn save_mail_text(
        &self,
        granted: &Granted<ManageOrganization>,
        kind: Kind,
        form: &TextForm,
    ) -> Result<(), Refusal> {
        let text = MailText::parse(kind, &form.subject, &form.body)?;
        let stored = self.mail_text(kind).await?;
        if form.revision.is_some_and(|revision| revision != stored.revision) {
            return Err(Refusal::Changed);
        }
        let words = Some(text.words().clone()).filter(|words| *words != original(kind));
        let switch = if kind.may_be_off() { form.switch } else { Switch::On };
        self.change_mail_text(granted, Changed { words, switch, ..stored }).await
    }

    /// Gives a mail its built-in words again.
    pub async fn restore_mail_text(
        &self,
        granted: &Granted<ManageOrganization>,
        kind: Kind,
    ) -> Result<(), Refusal> {
        let stored = self.mail_text(kind).await?;
        match stored.words {
            Some(_) => self.change_mail_text(granted, Changed { words: None, ..stored }).await,
            None => Ok(()),
        }
    }

    async fn change_mail_text(
        &self,
        granted: &Granted<ManageOrganization>,
        changed: Changed,
    ) -> Result<(), Refusal> {
        let mut draft = Draft::new(self, granted.actor()).await?;
        let target = Target { id: draft.organization.id.to_string(), name: changed.kind.words().into() };
        let details = json!({
            "kind": changed.kind.key(),
            "sent": changed.switch == Switch::On,
            "own_words": changed.words.is_some(),
        });
        draft.write(mail_text::save(draft.organization.id, &changed));
        draft.log("organization.mail_text", &target, "success", details);
        match draft.commit().await? {
            Commit::Committed => {
                self.forget_organization();
                Ok(())
            }
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// A mail with these words and made-up facts. Nothing is saved.
    pub async fn preview_mail(
        &self,
        _: &Granted<ManageOrganization>,
        kind: Kind,
        words: &Words,
    ) -> Result<Preview, Refusal> {
        let text = MailText::parse(kind, &words.subject, &words.body)?;
        let letterhead = self.letterhead().await?.with(kind, text);
        let mut facts = sample(self.now(), &self.0.public_url);
        if Placeholder::Person.is_known_to(kind) {
            facts.person = Some("bob@example.com".into());
        }
        let id = MailId::new(self.now(), [0; 10]);
        let letter = letterhead.letter(Addressed { id, kind, to: "alice@example.com", facts: &facts });
        let text = letterhead.text(&letter, &facts)?;
        Ok(Preview { subject: letter.subject, paragraphs: letter.paragraphs, button: letter.button, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::organization::Settings;

    #[test]
    fn the_original_words_can_be_saved_and_say_what_the_built_in_ones_say() {
        let settings = Settings::new("Acme".into()).unwrap();
        let now = Timestamp::from_seconds(1_700_000_000);
        for kind in Kind::ALL {
            let words = original(kind);
            let text = MailText::parse(kind, &words.subject, &words.body).unwrap();
            assert_eq!(text.words(), &words, "{kind:?}");
            let mut facts = sample(now, "https://sso.acme.test");
            if Placeholder::Person.is_known_to(kind) {
                facts.person = Some("bob@acme.test".into());
            }
            let told = Told::of(kind, "alice@acme.test", &facts, &settings, now);
            let built_in = letters::letter(kind, &told);
            let own = text.render(|placeholder| told.value(placeholder)).unwrap();
            assert_eq!((own.subject, own.paragraphs), (built_in.subject, built_in.paragraphs), "{kind:?}");
        }
    }
}
