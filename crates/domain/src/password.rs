//! Which passwords are taken (S2.5): long enough, not too long to hash, and not among the first that an
//! attacker tries. No rules of composition.

use crate::{field::FieldError, secret::Secret};

/// The longest password taken, in characters.
pub const LONGEST: usize = 128;

/// A password that met the rules, or one to be checked against a hash.
pub type ClearPassword = Secret<String>;

/// What the password must not consist of: the person's and the organization's own names.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The fewest characters.
    pub shortest: usize,
    /// Names, login names, mail addresses.
    pub names: &'a [&'a str],
}

/// Takes `text` as a new password, or says what is wrong with it.
pub fn parse(field: &'static str, text: &str, context: Context<'_>) -> Result<ClearPassword, FieldError> {
    let length = text.chars().count();
    let refuse = |message: String| Err(FieldError::new(field, message));
    if length < context.shortest {
        return refuse(format!("The password needs at least {} characters.", context.shortest));
    }
    if length > LONGEST {
        return refuse(format!("The password can have at most {LONGEST} characters."));
    }
    let folded = fold(text);
    if is_pattern(&folded) || is_common(text) {
        return refuse("This password is among the first that are tried. Choose a less common one.".into());
    }
    let names = context.names.iter().map(|name| fold(name)).filter(|name| name.len() >= 4);
    if names.into_iter().any(|name| is_mostly(&folded, &name)) {
        return refuse("The password must not be made of your name, e-mail or organization.".into());
    }
    Ok(Secret::new(text.to_owned()))
}

/// Lower case, with the usual stand-ins for letters undone and everything else dropped.
fn fold(text: &str) -> String {
    let undo = |c: char| match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '!' | '1' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    };
    text.to_lowercase().chars().map(undo).filter(|c| c.is_alphanumeric()).collect()
}

/// One to four characters over and over, or a walk along the alphabet, the digits, or a row of keys.
fn is_pattern(folded: &str) -> bool {
    let chars: Vec<char> = folded.chars().collect();
    let repeats = |period: usize| chars.iter().zip(chars.iter().skip(period)).all(|(a, b)| a == b);
    let walks = [
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm",
        "o123456789o1234567890",
    ]
    .map(|walk| fold(walk).repeat(2));
    let backwards: String = chars.iter().rev().collect();
    chars.len() < 2
        || (1..=4).any(|period| chars.len() > period && repeats(period))
        || walks.iter().any(|walk| walk.contains(folded) || walk.contains(&backwards))
}

const WORDS: &[&str] = &[
    "password",
    "passwort",
    "motdepasse",
    "contrasena",
    "letmein",
    "welcome",
    "willkommen",
    "bienvenue",
    "changeme",
    "changeit",
    "administrator",
    "admin",
    "default",
    "secret",
    "sunshine",
    "princess",
    "dragon",
    "monkey",
    "football",
    "baseball",
    "superman",
    "batman",
    "iloveyou",
    "trustno",
    "master",
    "shadow",
    "michael",
    "jordan",
    "summer",
    "winter",
    "spring",
    "autumn",
    "qwerty",
    "qwertz",
    "asdfgh",
    "zxcvbn",
    "qwertyuiop",
    "computer",
    "internet",
    "starwars",
    "whatever",
    "freedom",
    "charlie",
    "jennifer",
    "company",
    "login",
    "access",
    "hello",
    "hallo",
    "google",
    "facebook",
    "microsoft",
    "windows",
    "linkedin",
    "test",
    "temp",
    "temporary",
    "guest",
    "root",
    "toor",
    "user",
    "server",
    "network",
    "security",
    "correcthorsebatterystaple",
    "claviger",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "friday",
    "the",
    "my",
    "is",
    "and",
    "pass",
    "word",
    "new",
    "abc",
    "one",
    "two",
    "three",
];

/// Common words strung together, with or without digits and signs around them.
fn is_common(text: &str) -> bool {
    let core = text.trim_matches(|c: char| !c.is_alphabetic());
    is_strung_together(&fold(core)) || is_strung_together(&fold(text))
}

fn is_strung_together(mut rest: &str) -> bool {
    while !rest.is_empty() {
        let longest = WORDS.iter().filter_map(|word| rest.strip_prefix(word)).min_by_key(|after| after.len());
        match longest {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

/// Whether `name` and what is left beside it makes up the password but for three characters.
fn is_mostly(folded: &str, name: &str) -> bool {
    folded.contains(name) && folded.replace(name, "").chars().count() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> bool {
        parse("password", text, Context { shortest: 12, names: &["Alice Liddell", "alice@example.com"] })
            .is_ok()
    }

    #[test]
    fn length_alone_is_asked_for() {
        assert!(taken("plum tide ox"));
        assert!(taken("blaue Kühe tanzen leise"));
        assert!(taken("kXq92vLmPz0w"));
        assert!(taken(&"wandering seal ".repeat(8)[..64]));
        assert!(!taken("short-one-1"));
        assert!(!taken(&"wandering seal ".repeat(9)));
    }

    #[test]
    fn the_first_guesses_are_refused() {
        for guess in [
            "passwordpassword",
            "Password12345!",
            "P@ssw0rdP@ssw0rd",
            "123456789012",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "qwertyuiopas",
            "zyxwvutsrqponm",
            "letmeinletmein",
            "Welcome2026!",
            "correct horse battery staple",
            "administrator1",
            "            ",
            "!!!!!!!!!!!!",
        ] {
            assert!(!taken(guess), "{guess}");
        }
    }

    #[test]
    fn ones_own_name_is_refused() {
        assert!(!taken("AliceLiddell1!"));
        assert!(!taken("alice@example.com"));
        assert!(taken("Alice Liddell follows the rabbit"));
    }
}
