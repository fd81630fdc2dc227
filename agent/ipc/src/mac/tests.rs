//! The socket of macOS.

use super::*;
use std::{os::unix::fs::MetadataExt, path::PathBuf, thread};

const SOON: Duration = Duration::from_millis(200);

fn place(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("claviger-ipc-mac-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder.join("socket")
}

fn pair(name: &str) -> (Connection, Connection) {
    let path = place(name);
    let listener = Listener::bind(&path).unwrap();
    let caller = open(&path, SOON).unwrap();
    (caller, listener.accept().unwrap())
}

#[test]
fn a_packet_arrives_as_it_was_sent_and_both_ends_know_each_other() {
    let (caller, agent) = pair("packets");
    for packet in [b"one".as_slice(), b"two", b"", &[7; PACKET]] {
        caller.send(packet).unwrap();
    }
    for packet in [b"one".as_slice(), b"two", b"", &[7; PACKET]] {
        assert_eq!(agent.receive().unwrap().as_slice(), packet);
    }
    let own = fs::metadata("/proc/self").unwrap().uid();
    assert_eq!((agent.peer().unwrap().uid, caller.peer().unwrap().uid), (own, own));
}

#[test]
fn a_packet_over_the_limit_is_neither_sent_nor_taken() {
    let (caller, agent) = pair("large");
    assert_eq!(caller.send(&[7; PACKET + 1]), Err(Error::TooLarge));
    (&caller.0).write_all(&u16::try_from(PACKET + 1).unwrap().to_be_bytes()).unwrap();
    assert_eq!(agent.receive().unwrap_err(), Error::TooLarge);
}

#[test]
fn nobody_waits_for_ever_and_a_closed_end_is_noticed_at_once() {
    let (caller, agent) = pair("silence");
    assert_eq!(caller.receive().unwrap_err(), Error::Silent);
    drop(agent);
    assert_eq!(caller.receive().unwrap_err(), Error::Closed);
    assert_eq!(caller.send(b"x"), Err(Error::Closed));
}

/// Half a packet is none, and one that drips is not waited for.
#[test]
fn a_packet_that_does_not_come_is_none() {
    let (caller, agent) = pair("half");
    agent.wait(SOON).unwrap();
    (&caller.0).write_all(&[0, 5, b'h']).unwrap();
    assert_eq!(agent.receive().unwrap_err(), Error::Silent);
    let (caller, agent) = pair("gone");
    (&caller.0).write_all(&[0, 5, b'h']).unwrap();
    drop(caller);
    assert_eq!(agent.receive().unwrap_err(), Error::Closed);
    let (caller, agent) = pair("drip");
    let dripping = thread::spawn(move || {
        for byte in [0, 200].into_iter().chain([b'x'; 200]) {
            if (&caller.0).write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(agent.receive().unwrap_err(), Error::Silent);
    drop(agent);
    dripping.join().unwrap();
}

#[test]
fn a_path_on_which_nobody_listens_is_an_error() {
    let path = place("nobody");
    let _ = fs::remove_file(&path);
    assert_eq!(reach(&path, SOON).unwrap_err(), Error::System("connect", ErrorKind::NotFound));
    drop(Listener::bind(&path).unwrap());
    assert_eq!(reach(&path, SOON).unwrap_err(), Error::System("connect", ErrorKind::ConnectionRefused));
    let long = PathBuf::from(format!("/{}", "x".repeat(200)));
    assert!(reach(&long, SOON).is_err());
}
