//! Evidence: a dated, signed report of every user's MFA (section 7), written while it is read.
//!
//! The last line is an Ed25519 signature of the SHA-256 of all bytes before that line. A signature of the digest
//! can be made without ever holding the whole document.

use crate::{
    App, Problem, csv_text,
    draft::{Draft, Target},
    signing::Signer,
    words,
};
use askama::Template;
use claviger_domain::{
    account::{Realm, State},
    exempt::Exempt,
    id::AccountId,
    mfa::Requirement,
    organization::Organization,
    permission::{Granted, ViewUsers},
    status::Status,
    time::Timestamp,
};
use claviger_store::table::{self, report::Attested, signing_key::Purpose};
use data_encoding::BASE64;
use futures_util::{Stream, stream};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const READ_AT_ONCE: i64 = 1_000;
const CSV_SIGNATURE: &str = "# signature: ed25519 ";
const HTML_SIGNATURE: (&str, &str) = ("<!-- signature: ed25519 ", " -->");

/// What the document is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with lines that begin with `#` at the end.
    Csv,
    /// A page that needs nothing else.
    Html,
}

impl Format {
    /// What its file's name ends in.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }
}

/// What a signature says of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as this organization's server signed it.
    Genuine,
    /// It was changed, or another organization's server signed it.
    NotGenuine,
    /// It has no signature in its last line.
    Unsigned,
}

struct Column {
    key: &'static str,
    label: &'static str,
}

const COLUMNS: [Column; 10] = [
    Column { key: "username", label: "Username" },
    Column { key: "email", label: "E-mail" },
    Column { key: "state", label: "State" },
    Column { key: "mfa_status", label: "MFA status" },
    Column { key: "mfa_requirement", label: "Requirement" },
    Column { key: "enrollment_until", label: "May enroll until" },
    Column { key: "expired_since", label: "Locked out since" },
    Column { key: "enrolled_at", label: "Enrolled" },
    Column { key: "last_code_at", label: "Code last used" },
    Column { key: "exempt", label: "Exempt because" },
];

#[derive(Template)]
#[template(path = "evidence/head.html")]
struct Head<'a> {
    organization: &'a str,
    as_of: &'a str,
    iso: String,
    zone: &'a str,
    columns: &'a [Column],
}

#[derive(Template)]
#[template(path = "evidence/rows.html")]
struct Rows {
    rows: Vec<[String; 10]>,
}

#[derive(Template)]
#[template(path = "evidence/foot.html")]
struct Foot<'a> {
    summary: Vec<Summary>,
    users: String,
    as_of: &'a str,
    until: String,
    key: String,
}

struct Summary {
    label: &'static str,
    count: String,
}

enum Part {
    Head,
    Rows,
    Done,
}

/// A document in the making. Rows are read as it is taken, so that it never lies in memory whole; what changes
/// meanwhile can be in it, and so it says from when to when it was read.
pub struct Evidence {
    app: App,
    organization: Arc<Organization>,
    signer: Signer,
    format: Format,
    at: Timestamp,
    after: AccountId,
    counts: [i64; Status::KEYS.len()],
    digest: Sha256,
    part: Part,
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Evidence({:?} as of {:?})", self.format, self.at)
    }
}

impl App {
    /// Begins a document as of now, and notes in the log who asked for it.
    pub async fn evidence(&self, granted: &Granted<ViewUsers>, format: Format) -> Result<Evidence, Problem> {
        let organization = self.organization().await?;
        let signer = self.signer(Purpose::Evidence).await?;
        let mut draft = Draft::of(self, granted.actor(), Arc::clone(&organization));
        let target = Target { id: organization.id.to_string(), name: organization.settings.name.clone() };
        draft.log("report.evidence", &target, "success", json!({ "format": format.extension() }));
        let at = draft.now;
        draft.settle().await?;
        Ok(Evidence {
            app: self.clone(),
            organization,
            signer,
            format,
            at,
            after: AccountId::new(Timestamp(0), [0; 10]),
            counts: [0; Status::KEYS.len()],
            digest: Sha256::new(),
            part: Part::Head,
        })
    }

    /// The public key that evidence is verified with, as PEM.
    pub async fn evidence_key(&self, _: &Granted<ViewUsers>) -> Result<String, Problem> {
        Ok(self.signer(Purpose::Evidence).await?.pem())
    }

    /// Whether a document is as it was signed here.
    pub async fn verify_evidence(&self, _: &Granted<ViewUsers>, document: &[u8]) -> Result<Verdict, Problem> {
        let Some((signed, signature)) = split(document) else { return Ok(Verdict::Unsigned) };
        let genuine = match self.known_signer(Purpose::Evidence).await? {
            Some(signer) => signer.verifies(&Sha256::digest(signed), &signature),
            None => false,
        };
        Ok(if genuine { Verdict::Genuine } else { Verdict::NotGenuine })
    }
}

/// All before the last line, and the signature in it.
fn split(document: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let lines = document.strip_suffix(b"\n")?;
    let end = lines.iter().rposition(|byte| *byte == b'\n')?.checked_add(1)?;
    let (signed, last) = lines.split_at_checked(end)?;
    let last = std::str::from_utf8(last).ok()?;
    let encoded = match last.strip_prefix(CSV_SIGNATURE) {
        Some(encoded) => encoded,
        None => last.strip_prefix(HTML_SIGNATURE.0)?.strip_suffix(HTML_SIGNATURE.1)?,
    };
    Some((signed, BASE64.decode(encoded.as_bytes()).ok()?))
}

impl Evidence {
    /// The file's name, with the instant in it.
    pub fn file_name(&self) -> String {
        let at = words::iso(self.at).replace(':', "");
        format!("mfa-evidence-{at}.{}", self.format.extension())
    }

    /// The document in pieces. A failure ends it before its signature, and so what came is no evidence.
    pub fn pieces(self) -> impl Stream<Item = Result<Vec<u8>, Problem>> + Send + 'static {
        stream::try_unfold(self, |mut evidence| async move {
            let piece = evidence.next().await.inspect_err(|error| {
                tracing::error!(%error, "evidence could not be finished");
            });
            piece.map(|piece| piece.map(|piece| (piece, evidence)))
        })
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let piece = match self.part {
            Part::Done => return Ok(None),
            Part::Head => {
                self.part = Part::Rows;
                self.head()?
            }
            Part::Rows => {
                let store = self.app.store();
                let id = self.organization.id;
                let read = table::report::accounts(store, id, self.after, READ_AT_ONCE).await?;
                match read.last() {
                    Some(last) => {
                        self.after = last.account.id;
                        self.rows(&read)?
                    }
                    None => {
                        self.part = Part::Done;
                        return self.end().map(Some);
                    }
                }
            }
        };
        self.digest.update(&piece);
        Ok(Some(piece.into_bytes()))
    }

    fn as_of(&self) -> String {
        words::date(self.at, &self.organization.settings.time_zone)
    }

    fn head(&self) -> Result<String, Problem> {
        match self.format {
            Format::Csv => Ok(csv_text::line(COLUMNS.iter().map(|column| column.key))),
            Format::Html => rendered(&Head {
                organization: &self.organization.settings.name,
                as_of: &self.as_of(),
                iso: words::iso(self.at),
                zone: &self.organization.settings.time_zone,
                columns: &COLUMNS,
            }),
        }
    }

    fn rows(&mut self, read: &[Attested]) -> Result<String, Problem> {
        let mut rows = Vec::with_capacity(read.len());
        for row in read {
            let account = &row.account;
            if account.kind.realm() != Realm::User || account.created_at > self.at {
                continue;
            }
            let key = account.mfa.status(self.at).key();
            for (known, count) in Status::KEYS.iter().zip(&mut self.counts) {
                *count += i64::from(*known == key);
            }
            rows.push(self.cells(row));
        }
        match self.format {
            Format::Csv => Ok(rows.iter().map(csv_text::line).collect()),
            Format::Html => rendered(&Rows { rows }),
        }
    }

    /// One user, in the order of [`COLUMNS`].
    fn cells(&self, row: &Attested) -> [String; 10] {
        let account = &row.account;
        let status = account.mfa.status(self.at);
        let (until, since) = match status {
            Status::Enrolling { until, .. } => (until, None),
            Status::Expired { since } => (None, Some(since)),
            Status::Active | Status::Optional | Status::RequiredWithoutPeriod | Status::None => (None, None),
        };
        let exempt = Exempt::of(account.state, self.organization.totp, account.mfa.requirement);
        let time = |time: Option<Timestamp>| time.map(|time| self.time(time)).unwrap_or_default();
        [
            account.username().map(ToString::to_string).unwrap_or_default(),
            account.email.to_string(),
            self.word(account.state.key(), state_words(account.state)),
            self.word(status.key(), Status::words(status.key())),
            match account.mfa.requirement {
                Requirement::NotRequired => self.word("not_required", "Not required"),
                Requirement::AtOnce | Requirement::By(_) | Requirement::Paused(_) => {
                    self.word("required", "Required")
                }
            },
            time(until),
            time(since),
            time(row.enrolled_at),
            time(row.last_used_at),
            exempt.map(|why| self.word(why.key(), exempt_words(why))).unwrap_or_default(),
        ]
    }

    fn word(&self, key: &str, words: &str) -> String {
        match self.format {
            Format::Csv => key.to_owned(),
            Format::Html => words.to_owned(),
        }
    }

    fn time(&self, time: Timestamp) -> String {
        match self.format {
            Format::Csv => words::iso(time),
            Format::Html => words::short_date(time, &self.organization.settings.time_zone),
        }
    }

    /// The last piece: what was read, and the signature.
    fn end(&mut self) -> Result<Vec<u8>, Problem> {
        let foot = self.foot()?;
        self.digest.update(&foot);
        let digest = std::mem::take(&mut self.digest).finalize();
        let signature = BASE64.encode(&self.signer.sign(&digest)?);
        let signature = match self.format {
            Format::Csv => format!("{CSV_SIGNATURE}{signature}\n"),
            Format::Html => format!("{}{signature}{}\n", HTML_SIGNATURE.0, HTML_SIGNATURE.1),
        };
        Ok((foot + &signature).into_bytes())
    }

    fn foot(&self) -> Result<String, Problem> {
        let (users, until, key): (i64, _, _) =
            (self.counts.iter().sum(), self.app.now(), self.signer.public());
        match self.format {
            Format::Csv => Ok([
                format!("# organization: {}", self.organization.settings.name),
                format!("# as of: {}", words::iso(self.at)),
                format!("# read until: {}", words::iso(until)),
                format!("# users: {users}"),
                format!("# key: ed25519 {key}"),
            ]
            .map(|comment| csv_text::line([comment]))
            .concat()),
            Format::Html => rendered(&Foot {
                summary: Status::KEYS
                    .into_iter()
                    .zip(self.counts)
                    .map(|(key, count)| Summary { label: Status::words(key), count: words::number(count) })
                    .collect(),
                users: words::number(users),
                as_of: &self.as_of(),
                until: words::date(until, &self.organization.settings.time_zone),
                key,
            })
            .map(|foot| foot + "\n"),
        }
    }
}

fn rendered(template: &impl Template) -> Result<String, Problem> {
    template.render().map_err(|error| Problem::Internal(error.to_string()))
}

const fn state_words(state: State) -> &'static str {
    match state {
        State::Staged => "Staged",
        State::Activated => "Activated",
        State::Suspended => "Suspended",
    }
}

const fn exempt_words(why: Exempt) -> &'static str {
    match why {
        Exempt::Staged => "Staged: can't sign in",
        Exempt::Suspended => "Suspended: can't sign in",
        Exempt::TotpDisabled => "TOTP is disabled for the organization",
        Exempt::NotRequired => "Not required",
    }
}
