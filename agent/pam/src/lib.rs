//! The PAM module: it carries a conversation between the program that logs somebody in and the agent, and decides
//! nothing. It holds no secret, starts no thread, and lets nobody in when in doubt.
//!
//! Lines of a stack that call it:
//!
//! ```text
//! auth    [success=1 default=ignore]                pam_claviger.so first_factor_done
//! auth    [success=1 ignore=ignore default=die]     pam_claviger.so password
//! auth    required                                  pam_claviger.so [socket=PATH] [timeout=SECONDS] [fail_open] [notes=PATH]
//! account required                                  pam_claviger.so require_mfa
//! ```

#[expect(unsafe_code, reason = "libpam is called, and calls")]
mod ffi;
mod options;

use claviger_agent_ipc::{Connection, Error, note, reach};
use claviger_wire::{
    login::{Hello, Phase, Shown, TURNS, Turn, answer, shown_key},
    service::Service,
};
use ffi::{Item, Mark, Membership, Pam, Style, Texts};
use libc::c_int;
use options::{Line, Options, WhenDown};
use std::ffi::CStr;
use zeroize::Zeroizing;

/// Everybody whom the agent asks for a code is in it, so that it is known while the agent is away.
const GROUP: &CStr = c"claviger-mfa";

/// How a conversation with the agent ended.
enum Outcome {
    /// The agent's verdict: Ok, Skip, Deny or NoMoreTries.
    Verdict(Turn),
    /// The person or the program gave up.
    GivenUp,
    /// The program answered the prompt for the code with the password.
    PasswordForCode,
}

/// Why there is no verdict.
enum Lost {
    /// Nothing was asked yet.
    Early(Error),
    /// The agent had asked already: this is somebody who needs a code.
    Late(Error),
}

pub(crate) fn authenticate(pam: &Pam, texts: Texts, words: &[String]) -> c_int {
    let options = options(pam, words);
    match options.line {
        Line::FirstFactorDone => first_factor_done(pam),
        Line::Password => password(pam, texts, &options),
        Line::Code | Line::RequireMfa => code(pam, texts, &options),
    }
}

fn options(pam: &Pam, words: &[String]) -> Options {
    let options = Options::parse(words);
    if !options.unknown.is_empty() {
        pam.log(libc::LOG_WARNING, &format!("options that mean nothing: {:?}", options.unknown));
    }
    options
}

/// A key stands for the password of those alone whom a code is asked of. Where an administrator wants a key and a
/// password of others, the password is still theirs to give.
fn first_factor_done(pam: &Pam) -> c_int {
    if is_jumped(pam) { ffi::SUCCESS } else { ffi::IGNORE }
}

/// Whether the password was jumped over for a key.
fn is_jumped(pam: &Pam) -> bool {
    has_shown_key(pam) && pam.user().is_ok_and(|user| ffi::membership(&user, GROUP) == Membership::In)
}

/// The code.
fn code(pam: &Pam, texts: Texts, options: &Options) -> c_int {
    let user = match pam.user() {
        Ok(user) => user,
        Err(code) => return code,
    };
    Mark::ALL.iter().for_each(|mark| pam.unmark(*mark));
    pam.delay_refusal();
    let hello = hello(pam, Phase::Code, &user);
    match converse(pam, texts, options, &hello) {
        Ok(Outcome::Verdict(Turn::Ok)) => {
            pam.mark(Mark::CodeShown);
            ffi::SUCCESS
        }
        Ok(Outcome::Verdict(Turn::Skip)) => no_opinion(pam),
        Ok(Outcome::Verdict(Turn::NoMoreTries)) => given_up(pam, ffi::MAXTRIES),
        Ok(Outcome::Verdict(_)) => ffi::AUTH_ERR,
        Ok(Outcome::GivenUp) => ffi::CONV_ERR,
        Ok(Outcome::PasswordForCode) => {
            pam.log(
                libc::LOG_NOTICE,
                &format!(
                    "{user:?}: the program answered the code prompt with the password: it can't ask a second \
                     question. sshd can with keyboard-interactive."
                ),
            );
            ffi::AUTH_ERR
        }
        Err(lost) => without_agent(pam, options, &hello, &lost),
    }
}

/// S8.14: while the agent can't be asked, those are refused whom it would ask, and nobody else.
fn without_agent(pam: &Pam, options: &Options, hello: &Hello, lost: &Lost) -> c_int {
    let user = hello.user.as_str();
    let error = match lost {
        Lost::Early(error) | Lost::Late(error) => error,
    };
    let asks = Service::parse(&hello.service).is_some();
    let needs_code = match lost {
        Lost::Late(_) => true,
        Lost::Early(_) => asks && user != "root" && ffi::membership(user, GROUP) != Membership::Out,
    };
    match (needs_code, lost, options.when_down) {
        (false, ..) => no_opinion(pam),
        (true, Lost::Early(_), WhenDown::Open) => {
            pam.log(
                libc::LOG_WARNING,
                &format!(
                    "{user:?} LET IN WITHOUT A CODE: the agent can't be asked ({error}) and fail_open is set."
                ),
            );
            note_down(pam, options, hello);
            no_opinion(pam)
        }
        (true, ..) => {
            pam.log(
                libc::LOG_ERR,
                &format!("{user:?} refused: the agent can't be asked ({error}). See systemctl status claviger-agent."),
            );
            given_up(pam, ffi::AUTHINFO_UNAVAIL)
        }
    }
}

/// The account phase of a login that was noted down is the same login.
fn note_down(pam: &Pam, options: &Options, hello: &Hello) {
    if pam.is_marked(Mark::LetIn) {
        return;
    }
    pam.mark(Mark::LetIn);
    if let Err(error) = note::leave(&options.notes, hello) {
        let line = format!("{:?} let in without a code: the server won't hear of it ({error}).", hello.user);
        pam.log(libc::LOG_WARNING, &line);
    }
}

/// GDM takes these two for a module that is gone, and waits for ever; after a plain refusal it asks anew.
fn given_up(pam: &Pam, result: c_int) -> c_int {
    match Service::parse(&pam.text(Item::Service)) {
        Some(Service::Gdm) => ffi::AUTH_ERR,
        _ => result,
    }
}

/// The password, as the server judges it. Without a word of it the modules that come after judge what was typed.
fn password(pam: &Pam, texts: Texts, options: &Options) -> c_int {
    let user = match pam.user() {
        Ok(user) => user,
        Err(code) => return code,
    };
    match converse(pam, texts, options, &hello(pam, Phase::Password, &user)) {
        Ok(Outcome::Verdict(Turn::Ok)) => ffi::SUCCESS,
        Ok(Outcome::Verdict(Turn::Deny | Turn::NoMoreTries)) => {
            pam.delay_refusal();
            ffi::AUTH_ERR
        }
        Ok(Outcome::GivenUp) => ffi::CONV_ERR,
        Ok(Outcome::Verdict(_) | Outcome::PasswordForCode) | Err(_) => ffi::IGNORE,
    }
}

/// Whether somebody goes on who showed no code in this login.
pub(crate) fn account(pam: &Pam, texts: Texts, words: &[String]) -> c_int {
    let options = options(pam, words);
    if options.line != Line::RequireMfa {
        return ffi::IGNORE;
    }
    if pam.is_marked(Mark::CodeShown) {
        return ffi::SUCCESS;
    }
    let user = match pam.user() {
        Ok(user) => user,
        Err(code) => return code,
    };
    let hello = hello(pam, Phase::Account, &user);
    match converse(pam, texts, &options, &hello) {
        Ok(Outcome::Verdict(Turn::Ok)) => ffi::SUCCESS,
        Ok(Outcome::Verdict(Turn::Skip)) => ffi::IGNORE,
        Ok(_) => {
            pam.log(
                libc::LOG_NOTICE,
                &format!("{user:?} refused: no code was shown, or the account is locked."),
            );
            ffi::PERM_DENIED
        }
        // Elsewhere nobody is refused here but for a lock, which the system has, too: root's su and cron go on.
        Err(_) if Service::parse(&hello.service) != Some(Service::Sshd) => ffi::IGNORE,
        Err(lost) => match without_agent(pam, &options, &hello, &lost) {
            ffi::SUCCESS => ffi::IGNORE,
            code => code,
        },
    }
}

/// No code is asked for here. The verdict is that of the modules before; where those were jumped over for a key,
/// somebody must say yes, or libpam says no: sshd's word is passed on.
fn no_opinion(pam: &Pam) -> c_int {
    if is_jumped(pam) { ffi::SUCCESS } else { ffi::IGNORE }
}

/// Whether sshd has accepted a key. It says so in the login's own environment, one line a method.
fn has_shown_key(pam: &Pam) -> bool {
    methods(pam).lines().any(|line| line.split(' ').next() == Some("publickey"))
}

/// The methods that sshd has accepted; nothing for other programs.
fn methods(pam: &Pam) -> String {
    match pam.text(Item::Service).starts_with("sshd") {
        true => pam.variable(c"SSH_AUTH_INFO_0"),
        false => String::new(),
    }
}

fn hello(pam: &Pam, phase: Phase, user: &str) -> Hello {
    Hello {
        phase,
        user: user.to_owned(),
        service: pam.text(Item::Service),
        rhost: pam.text(Item::Rhost),
        tty: pam.text(Item::Tty),
        shown: if has_shown_key(pam) { Shown::PublicKey } else { Shown::Nothing },
        key: shown_key(&methods(pam)),
    }
}

/// Shows what the agent says and sends back what is typed, until there is a verdict.
fn converse(pam: &Pam, texts: Texts, options: &Options, hello: &Hello) -> Result<Outcome, Lost> {
    let agent = reach(&options.socket, options.patience).map_err(Lost::Early)?;
    agent.send(&hello.packet()).map_err(Lost::Early)?;
    let mut lost: fn(Error) -> Lost = Lost::Early;
    for _ in 0..TURNS {
        let turn = receive(&agent).map_err(lost)?;
        let answered = match &turn {
            Turn::Ok | Turn::Skip | Turn::Deny | Turn::NoMoreTries => return Ok(Outcome::Verdict(turn)),
            Turn::Info(text) => {
                show(pam, texts, Style::Info, text);
                continue;
            }
            Turn::Error(text) => {
                show(pam, texts, Style::Error, text);
                continue;
            }
            Turn::Prompt(text) => ask_code(pam, Style::Hidden, text),
            Turn::PromptEcho(text) => ask_code(pam, Style::Shown, text),
            Turn::Password(text) => ask_password(pam, text),
        };
        let typed = match answered {
            Ok(typed) => typed,
            Err(outcome) => return Ok(outcome),
        };
        if hello.phase == Phase::Code {
            lost = Lost::Late;
        }
        agent.send(&answer(&typed)).map_err(lost)?;
    }
    Err(lost(Error::Silent))
}

fn receive(agent: &Connection) -> Result<Turn, Error> {
    let packet = agent.receive()?;
    Turn::parse(&packet).map_err(|_| Error::Closed)
}

/// A text that a program can't show stops nobody.
fn show(pam: &Pam, texts: Texts, style: Style, text: &str) {
    if texts == Texts::Shown {
        let _ = pam.converse(style, text);
    }
}

/// A program with one answer for everything, such as sshd's password method, gives the password to every prompt: it is
/// not sent, and no try is lost by it.
fn ask_code(pam: &Pam, style: Style, text: &str) -> Result<Zeroizing<Vec<u8>>, Outcome> {
    let typed = pam.converse(style, text).map_err(|_| Outcome::GivenUp)?;
    match pam.password() {
        Some(password) if *password == *typed => Err(Outcome::PasswordForCode),
        _ => Ok(typed),
    }
}

/// The password that was typed already, or the one that is typed now and then kept for the modules that come after.
fn ask_password(pam: &Pam, text: &str) -> Result<Zeroizing<Vec<u8>>, Outcome> {
    if let Some(password) = pam.password() {
        return Ok(password);
    }
    let typed = pam.converse(Style::Hidden, text).map_err(|_| Outcome::GivenUp)?;
    pam.keep_password(&typed).map_err(|_| Outcome::GivenUp)?;
    Ok(typed)
}
