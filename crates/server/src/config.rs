//! The configuration: one TOML file, overridden by the environment; all errors at once, each with its line (S14.1).

use claviger_app::email::PlainSmtp;
use claviger_domain::{bucket::Rate, stream::Reach};
use claviger_store::StoreOptions;
use claviger_web::ApiLimits;
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Every setting, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: String,
    pub(crate) database: StoreOptions,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) plain_smtp: PlainSmtp,
    pub(crate) webhooks: Reach,
    pub(crate) api_limits: ApiLimits,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: tracing::Level,
    pub(crate) master_keys: MasterKeys,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Where the master keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MasterKeys {
    /// A file, made on the first start.
    File(PathBuf),
    /// A file that somebody else provides, such as a systemd credential.
    Provided(PathBuf),
    /// The environment variable `CLAVIGER_MASTER_KEYS`, whose text is read when it is needed.
    Environment,
}

/// Everything that is wrong, a line each.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Errors(Vec<String>);

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.0 {
            writeln!(f, "  {error}")?;
        }
        Ok(())
    }
}

const KEYS: [&str; 15] = [
    "data_dir",
    "listen",
    "public_url",
    "database_url",
    "tls_certificate",
    "tls_key",
    "trusted_proxies",
    "plain_http",
    "allow_plain_smtp",
    "allow_private_webhooks",
    "api_calls_per_minute",
    "api_wrong_keys_per_minute",
    "log_format",
    "log_level",
    "master_key_file",
];

/// One setting as text, and where it stands.
#[derive(Clone, Debug)]
struct Setting {
    text: String,
    place: String,
}

#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub(crate) fn load(path: Option<&Path>) -> Result<Config, Errors> {
    let text = match path {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Errors(vec![format!("{}: {error}", path.display())]))?,
    };
    parse(&text, &|name| std::env::var(name).ok())
}

type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

fn parse(file: &str, environment: Environment<'_>) -> Result<Config, Errors> {
    let mut errors = Vec::new();
    let mut settings = read_file(file, &mut errors);
    for key in KEYS {
        let name = format!("CLAVIGER_{}", key.to_uppercase());
        if let Some(text) = environment(&name) {
            settings.insert(key.to_owned(), Setting { text, place: name });
        }
    }
    let config = Reader { settings, errors: &mut errors }.config(environment);
    match config {
        Some(config) if errors.is_empty() => Ok(config),
        _ => Err(Errors(errors)),
    }
}

fn read_file(file: &str, errors: &mut Vec<String>) -> BTreeMap<String, Setting> {
    let line_of = |start: usize| file.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    let table = match DeTable::parse(file) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(span.start));
            errors.push(format!("line {line}: {}", error.message()));
            return BTreeMap::new();
        }
    };
    let mut settings = BTreeMap::new();
    for (key, value) in table.get_ref() {
        let place = format!("line {}", line_of(key.span().start));
        let name = key.get_ref().as_ref();
        if !KEYS.contains(&name) {
            errors.push(format!("{place}: there is no setting {name:?}"));
            continue;
        }
        match as_text(value) {
            Some(text) => drop(settings.insert(name.to_owned(), Setting { text, place })),
            None => errors
                .push(format!("{place}: {name} must be a text, a number, true or false, or a list of texts")),
        }
    }
    settings
}

fn as_text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Array(items) => {
            items.iter().map(as_text).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        _ => None,
    }
}

struct Reader<'a> {
    settings: BTreeMap<String, Setting>,
    errors: &'a mut Vec<String>,
}

impl Reader<'_> {
    /// The setting, or its default; an error is noted and gives nothing.
    fn take<T>(&mut self, key: &str, default: T, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match self.settings.get(key) {
            None => Some(default),
            Some(Setting { text, place }) => match read(text.trim()) {
                Ok(value) => Some(value),
                Err(error) => {
                    self.errors.push(format!("{place}: {key} {error}"));
                    None
                }
            },
        }
    }

    fn refuse(&mut self, key: &str, error: &str) {
        let place =
            self.settings.get(key).map_or_else(|| "default".to_owned(), |setting| setting.place.clone());
        self.errors.push(format!("{place}: {key} {error}"));
    }

    fn config(mut self, environment: Environment<'_>) -> Option<Config> {
        let path = |text: &str| {
            if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(PathBuf::from(text)) }
        };
        let data_dir = self.take("data_dir", PathBuf::from("data"), path);
        let default_listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        let listen = self.take("listen", default_listen, |text| {
            text.parse()
                .map_err(|_| format!("must be an address and a port such as 127.0.0.1:8080, not {text:?}"))
        });
        let certificate = self.take("tls_certificate", None, |text| path(text).map(Some));
        let key = self.take("tls_key", None, |text| path(text).map(Some));
        let tls = self.tls(certificate?, key?);
        let database = self.take("database_url", None, |text| StoreOptions::parse(text).map(Some));
        let public_url = self.take("public_url", None, |text| public_url(text).map(Some));
        let trusted_proxies = self.take("trusted_proxies", Vec::new(), addresses);
        let plain_http =
            self.take("plain_http", "loopback".to_owned(), |text| one_of(text, &["loopback", "anywhere"]));
        let plain_smtp =
            self.take("allow_plain_smtp", "false".to_owned(), |text| one_of(text, &["true", "false"]));
        let private_webhooks =
            self.take("allow_private_webhooks", "false".to_owned(), |text| one_of(text, &["true", "false"]));
        let calls = self.take("api_calls_per_minute", ApiLimits::default().calls, rate);
        let wrong_keys = self.take("api_wrong_keys_per_minute", ApiLimits::default().wrong_keys, rate);
        let log_format = self.take("log_format", "text".to_owned(), |text| one_of(text, &["text", "json"]));
        let log_level = self.take("log_level", tracing::Level::INFO, |text| {
            text.parse().map_err(|_| "must be error, warn, info, debug or trace".to_owned())
        });
        let key_file = self.take("master_key_file", None, |text| path(text).map(Some));
        let (listen, data_dir, tls) = (listen?, data_dir?, tls?);
        let public_url = self.address(listen, tls.as_ref(), public_url?, plain_http?.as_str());
        Some(Config {
            database: database?.unwrap_or_else(|| StoreOptions::Sqlite(data_dir.join("claviger.db"))),
            public_url: public_url?,
            master_keys: master_keys(key_file?, &data_dir, environment),
            data_dir,
            listen,
            tls,
            trusted_proxies: trusted_proxies?,
            plain_smtp: if plain_smtp? == "true" { PlainSmtp::Allowed } else { PlainSmtp::Refused },
            webhooks: if private_webhooks? == "true" { Reach::Anywhere } else { Reach::Public },
            api_limits: ApiLimits { calls: calls?, wrong_keys: wrong_keys? },
            log_format: if log_format? == "json" { LogFormat::Json } else { LogFormat::Text },
            log_level: log_level?,
        })
    }

    fn tls(&mut self, certificate: Option<PathBuf>, key: Option<PathBuf>) -> Option<Option<TlsFiles>> {
        match (certificate, key) {
            (Some(certificate), Some(key)) => Some(Some(TlsFiles { certificate, key })),
            (None, None) => Some(None),
            (Some(_), None) => {
                self.refuse("tls_certificate", "needs tls_key beside it");
                None
            }
            (None, Some(_)) => {
                self.refuse("tls_key", "needs tls_certificate beside it");
                None
            }
        }
    }

    /// S14.1a: plain HTTP on loopback only unless asked for in so many words; links never from a request.
    fn address(
        &mut self,
        listen: SocketAddr,
        tls: Option<&TlsFiles>,
        url: Option<String>,
        plain: &str,
    ) -> Option<String> {
        if tls.is_none() && !listen.ip().is_loopback() && plain != "anywhere" {
            self.refuse(
                "listen",
                "is not a loopback address: set tls_certificate and tls_key, or plain_http = \"anywhere\" if a proxy in front does TLS",
            );
            return None;
        }
        match (url, listen.ip().is_loopback()) {
            (Some(url), _) => Some(url),
            (None, true) => {
                let scheme = if tls.is_some() { "https" } else { "http" };
                Some(format!("{scheme}://localhost:{}", listen.port()))
            }
            (None, false) => {
                self.refuse("public_url", "must be set: links in mails begin with it");
                None
            }
        }
    }
}

fn master_keys(file: Option<PathBuf>, data_dir: &Path, environment: Environment<'_>) -> MasterKeys {
    let credential =
        environment("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join("claviger-master-keys"));
    match (environment("CLAVIGER_MASTER_KEYS"), file, credential.filter(|path| path.exists())) {
        (Some(_), _, _) => MasterKeys::Environment,
        (None, Some(path), _) => MasterKeys::File(path),
        (None, None, Some(path)) => MasterKeys::Provided(path),
        (None, None, None) => MasterKeys::File(data_dir.join("master.key")),
    }
}

/// How often a minute; 0 for no limit.
fn rate(text: &str) -> Result<Option<Rate>, String> {
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(times @ 1..=Rate::MOST) => Ok(Rate::per_minute(times)),
        Ok(_) | Err(_) => Err(format!("must be between 0 (no limit) and {}, not {text:?}", Rate::MOST)),
    }
}

fn one_of(text: &str, words: &[&str]) -> Result<String, String> {
    if words.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be one of {}, not {text:?}", words.join(", ")))
    }
}

fn addresses(text: &str) -> Result<Vec<IpAddr>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| part.parse().map_err(|_| format!("must be a list of IP addresses; {part:?} is none")))
        .collect()
}

fn public_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ', '@']) => Ok(url.to_owned()),
        _ => Err(format!("must be like https://sso.example.com, without a path, not {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(file: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let environment =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        parse(file, &environment).map_err(|errors| errors.0)
    }

    #[test]
    fn nothing_at_all_is_a_configuration() {
        let config = parsed("", &[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_url, "http://localhost:8080");
        assert_eq!(config.database, StoreOptions::Sqlite("data/claviger.db".into()));
        assert_eq!(config.master_keys, MasterKeys::File("data/master.key".into()));
    }

    #[test]
    fn every_error_is_reported_at_once_with_its_line() {
        let file = "listen = \"nowhere\"\n\ncolor = \"red\"\nlog_format = \"xml\"\ntls_key = \"k.pem\"\npublic_url = \"ftp://x\"\ntrusted_proxies = [\"10.0.0.1\", \"proxy\"]\ndatabase_url = { a = 1 }\n";
        let errors = parsed(file, &[("CLAVIGER_LOG_LEVEL", "loud")]).unwrap_err();
        for expected in [
            "line 1: listen",
            "line 3: there is no setting",
            "line 4: log_format",
            "line 5: tls_key",
            "line 6: public_url",
            "line 7: trusted_proxies",
            "line 8: database_url",
            "CLAVIGER_LOG_LEVEL: log_level",
        ] {
            assert!(errors.iter().any(|error| error.starts_with(expected)), "{expected}: {errors:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_toml_names_its_line() {
        let errors = parsed("listen = \"127.0.0.1:1\"\nlog_format = \n", &[]).unwrap_err();
        assert!(errors[0].starts_with("line 2:"), "{errors:?}");
    }

    #[test]
    fn webhooks_stay_out_of_the_own_network_unless_it_is_asked_for() {
        assert_eq!(parsed("", &[]).unwrap().webhooks, Reach::Public);
        assert_eq!(parsed("allow_private_webhooks = true", &[]).unwrap().webhooks, Reach::Anywhere);
        assert!(parsed("allow_private_webhooks = 1", &[]).is_err());
    }

    #[test]
    fn the_limits_of_the_api_can_be_set_and_lifted() {
        assert_eq!(parsed("", &[]).unwrap().api_limits, ApiLimits::default());
        let config = parsed("api_calls_per_minute = 0\napi_wrong_keys_per_minute = 5", &[]).unwrap();
        assert_eq!(config.api_limits, ApiLimits { calls: None, wrong_keys: Rate::per_minute(5) });
        let errors = parsed("api_calls_per_minute = -1\napi_wrong_keys_per_minute = 60001", &[]).unwrap_err();
        let begin = ["line 1: api_calls_per_minute must be", "line 2: api_wrong_keys_per_minute must be"];
        assert!(errors.iter().zip(begin).all(|(error, begin)| error.starts_with(begin)), "{errors:?}");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = parsed("listen = \"127.0.0.1:1\"", &[("CLAVIGER_LISTEN", "127.0.0.1:2")]).unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.public_url, "http://localhost:2");
    }

    #[test]
    fn plain_http_leaves_the_machine_only_when_asked_for() {
        let open = "listen = \"0.0.0.0:80\"\npublic_url = \"https://sso.example.com/\"";
        assert!(parsed(open, &[]).unwrap_err()[0].starts_with("line 1: listen"));
        let config = parsed(open, &[("CLAVIGER_PLAIN_HTTP", "anywhere")]).unwrap();
        assert_eq!(config.public_url, "https://sso.example.com");
        let errors = parsed("listen = \"0.0.0.0:80\"", &[("CLAVIGER_PLAIN_HTTP", "anywhere")]).unwrap_err();
        assert!(errors[0].contains("public_url"));
    }
}
