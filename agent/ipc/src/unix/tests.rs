//! The socket of Unix.

use super::*;
use std::{os::unix::fs::MetadataExt, path::PathBuf};

const SOON: Duration = Duration::from_millis(200);

fn place(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("claviger-ipc-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
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
    caller.send(b"one").unwrap();
    caller.send(b"two").unwrap();
    assert_eq!(agent.receive().unwrap().as_slice(), b"one");
    assert_eq!(agent.receive().unwrap().as_slice(), b"two");
    let own = std::fs::metadata("/proc/self").unwrap().uid();
    assert_eq!(agent.peer().unwrap().uid, own);
}

#[test]
fn a_packet_of_the_limit_passes_and_a_larger_one_does_not() {
    let (caller, agent) = pair("large");
    caller.send(&[7; PACKET]).unwrap();
    assert_eq!(agent.receive().unwrap().len(), PACKET);
    assert_eq!(caller.send(&[7; PACKET + 1]), Err(Error::TooLarge));
    send(&caller.0, &[7; PACKET + 1], SendFlags::NOSIGNAL).unwrap();
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

#[test]
fn a_path_on_which_nobody_listens_is_an_error() {
    let path = place("nobody");
    let _ = std::fs::remove_file(&path);
    assert_eq!(reach(&path, SOON).unwrap_err(), Error::System("connect", Errno::NOENT));
    drop(Listener::bind(&path).unwrap());
    assert_eq!(reach(&path, SOON).unwrap_err(), Error::System("connect", Errno::CONNREFUSED));
    let long = PathBuf::from(format!("/{}", "x".repeat(200)));
    assert!(reach(&long, SOON).is_err());
}

#[test]
fn a_full_queue_is_waited_for_only_so_long() {
    let path = place("queue");
    let _listener = Listener::bind(&path).unwrap();
    let calls: Vec<_> = (0..200).map_while(|_| open(&path, SOON).ok()).collect();
    assert!(calls.len() < 200);
    assert_eq!(open(&path, SOON).unwrap_err(), Error::Silent);
}
