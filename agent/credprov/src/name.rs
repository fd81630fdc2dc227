//! Whom a typed name stands for. Windows decides; what it was told to be is what it is handed afterwards, so that nobody
//! is looked up as one and let in as another.

use claviger_win32::{account, system};
use std::io;

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    /// The domain; for local accounts the machine's own name. Empty where the name says it.
    pub(crate) domain: String,
    /// The name.
    pub(crate) user: String,
    /// What the agent calls them.
    pub(crate) hello: String,
}

/// Looks a typed name up.
pub(crate) fn resolve(typed: &str) -> io::Result<Who> {
    let machine = system::account_domain()?;
    let typed = typed.trim();
    match typed.split_once('\\') {
        Some((domain, user)) if domain == "." || domain.eq_ignore_ascii_case(&machine) => {
            local(&machine, user)
        }
        Some((domain, user)) => Ok(foreign(domain, user)),
        None if typed.contains('@') => principal(&machine, typed),
        None => plain(&machine, typed),
    }
}

/// The account's own spelling counts, not what was typed.
fn local(machine: &str, user: &str) -> io::Result<Who> {
    let user = match account::resolve(&format!(r"{machine}\{user}"))? {
        Some(found) => account::name_of(&found.identifier)?.1,
        // There is nobody of that name, which Windows says after the password.
        None => user.to_owned(),
    };
    Ok(Who { domain: machine.to_owned(), hello: user.to_ascii_lowercase(), user })
}

fn foreign(domain: &str, user: &str) -> Who {
    Who { domain: domain.to_owned(), user: user.to_owned(), hello: format!(r"{domain}\{user}") }
}

/// A name like an address is of a domain, or of a Microsoft account; Windows takes it as it is.
fn principal(machine: &str, typed: &str) -> io::Result<Who> {
    match account::resolve(typed)? {
        Some(found) if found.domain.eq_ignore_ascii_case(machine) => {
            local(machine, &account::name_of(&found.identifier)?.1)
        }
        Some(_) | None => Ok(foreign("", typed)),
    }
}

/// A name alone is this machine's if it has one of that name, otherwise of the domain that has it.
fn plain(machine: &str, typed: &str) -> io::Result<Who> {
    if account::resolve(&format!(r"{machine}\{typed}"))?.is_some() {
        return local(machine, typed);
    }
    match account::resolve(typed)? {
        Some(found) if !found.domain.eq_ignore_ascii_case(machine) => Ok(foreign(&found.domain, typed)),
        Some(_) | None => local(machine, typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_account_is_the_same_however_it_is_typed() {
        let machine = system::account_domain().unwrap();
        let small = machine.to_lowercase();
        for typed in
            ["alice-of-tests", " ALICE-of-tests ", r".\Alice-of-tests", &format!(r"{small}\alice-of-tests")]
        {
            let who = resolve(typed).unwrap();
            assert_eq!(
                (who.domain.as_str(), who.hello.as_str()),
                (machine.as_str(), "alice-of-tests"),
                "{typed}"
            );
        }
        let other = resolve(r"ACME\alice-of-tests").unwrap();
        assert_eq!((other.domain.as_str(), other.hello.as_str()), ("ACME", r"ACME\alice-of-tests"));
        let address = resolve("alice@acme.test").unwrap();
        assert_eq!((address.domain.as_str(), address.user.as_str()), ("", "alice@acme.test"));
    }
}
