//! Deny or heal: whatever byte is flipped and wherever a file ends, nothing used is fresh again, and no other code is
//! right than before.

use super::*;
use std::{os::unix::fs::FileExt, process::Command};

const LAST: i64 = 100;

/// A vault that was used for a while: steps, wrong codes, events, a break-glass code.
fn used() -> Folder {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 40, -1), 0).unwrap();
    vault.put_verifiers(bob(), &sent(center()..center() + 40, LAST), 0).unwrap();
    for step in [LAST - 1, LAST] {
        vault.use_step(alice(), factor(), Step(step), offline(step)).unwrap();
    }
    vault.wrong(wrong()).unwrap();
    let event = happened(alice(), What::BreakGlass { id: break_glass(1) });
    vault.use_break_glass(break_glass(1), event).unwrap();
    vault.acknowledge(2).unwrap();
    let account = Account { user: alice(), state: AccountState::NeedsTakeOver, offline_until: None };
    vault.put_accounts(&[account]).unwrap();
    drop(vault);
    folder
}

/// Every file after each damage: a flipped bit in every byte of what it says, and an end at every byte.
fn damaged(folder: &Folder, name: &str, check: impl Fn(&Vault, &str)) {
    let path = folder.0.join(name);
    let whole = fs::read(&path).unwrap();
    // Behind the text of a journal there are only zeros; a few of them stand for all.
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let others: Vec<_> = files(folder).into_iter().filter(|(other, _)| *other != path).collect();
    let mut bad: Vec<(String, Vec<u8>)> = Vec::new();
    for at in 0..(end + 8).min(whole.len()) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        bad.push((format!("{name}: byte {at} flipped"), flipped));
    }
    for at in 0..=end {
        bad.push((format!("{name}: {at} bytes left"), whole[..at].to_vec()));
    }
    for (number, (what, bytes)) in bad.into_iter().enumerate() {
        fs::write(&path, bytes).unwrap();
        check(&folder.open(), &what);
        // What was healed is still so the next time.
        if number % 4 == 0 {
            check(&folder.open(), &format!("{what}, again"));
        }
        for (other, bytes) in &others {
            fs::write(other, bytes).unwrap();
        }
    }
    fs::remove_file(&path).unwrap();
    check(&folder.open(), &format!("{name}: gone"));
}

fn files(folder: &Folder) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

fn nothing_is_fresh_again(vault: &Vault, what: &str) {
    for user in [alice(), bob()] {
        let last = vault.last_step(user, factor());
        assert!(last.is_none_or(|last| last == Step(LAST)), "{what}: {last:?}");
        let again = vault.use_step(user, factor(), Step(LAST), Judged::WithServer).unwrap();
        assert_eq!(again, Use::Used, "{what}");
    }
    let event = happened(alice(), What::BreakGlass { id: break_glass(1) });
    assert_eq!(vault.use_break_glass(break_glass(1), event).unwrap(), Use::Used, "{what}");
    let known = found(vault, center() + 5);
    assert!(
        matches!(known, Match::Fresh(step) if step == Step(center() + 5)) || known == Match::None,
        "{what}"
    );
}

#[test]
fn a_damaged_journal_makes_nothing_fresh() {
    let folder = used();
    damaged(&folder, "journal", |vault, what| {
        nothing_is_fresh_again(vault, what);
        assert!(vault.last_step(alice(), factor()).is_some(), "{what}: the other note of it is whole");
        let next = vault.next_sequence().unwrap();
        assert_eq!(next, 5, "{what}: no number is given twice");
        for event in vault.events_after(0, 99).unwrap() {
            assert!((3..=4).contains(&event.sequence), "{what}");
        }
    });
}

#[test]
fn damaged_notes_beside_the_journal_make_nothing_fresh() {
    let folder = used();
    for name in [format!("{}.used", alice()), "numbers".into()] {
        damaged(&folder, &name, |vault, what| {
            nothing_is_fresh_again(vault, what);
            assert!(vault.last_step(alice(), factor()).is_some(), "{what}: the journal is whole");
            assert_eq!(vault.next_sequence().unwrap(), 5, "{what}");
            assert_eq!(vault.events_after(0, 99).unwrap().len(), 2, "{what}");
        });
    }
}

#[test]
fn damaged_verifiers_are_missing_and_never_match_anything_else() {
    let folder = used();
    let range = center()..center() + 40;
    let name = format!("{}.verifiers", alice());
    let whole = fs::read(folder.0.join(&name)).unwrap();
    damaged(&folder, &name, |vault, what| {
        for step in range.clone() {
            let found = found(vault, step);
            assert!(found == Match::Fresh(Step(step)) || found == Match::None, "{what}: {found:?}");
        }
        let covered = vault.coverage(alice(), factor());
        let is_whole = fs::read(folder.0.join(&name)).is_ok_and(|bytes| bytes == whole);
        assert_eq!(covered.is_empty(), !is_whole, "{what}: damage is noticed");
    });
    let vault = folder.open();
    assert_eq!(vault.missing(alice(), factor(), range.clone()), one(range.clone()));
    vault.put_verifiers(alice(), &sent(range.clone(), LAST), 0).unwrap();
    assert_eq!(vault.coverage(alice(), factor()), one(range.clone()));
    assert_eq!(found(&vault, center() + 5), Match::Fresh(Step(center() + 5)));
}

#[test]
fn a_damaged_day_is_fetched_again_and_the_others_stay() {
    let folder = Folder::new();
    let vault = folder.open();
    let range = center()..center() + 3 * DAY;
    vault.put_verifiers(alice(), &sent(range.clone(), -1), 0).unwrap();
    let path = folder.0.join(format!("{}.verifiers", alice()));
    let length = fs::metadata(&path).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"x", length - u64::try_from(DAY).unwrap() * 8 - 1).unwrap();
    let second = center() + DAY..center() + 2 * DAY;
    assert_eq!(vault.missing(alice(), factor(), range.clone()), one(second.clone()));
    assert_eq!(found(&vault, center() + 9), Match::Fresh(Step(center() + 9)));
    vault.put_verifiers(alice(), &sent(second, -1), 0).unwrap();
    assert_eq!(vault.coverage(alice(), factor()), one(range));
}

#[test]
fn of_another_user_a_file_of_verifiers_is_none() {
    let folder = used();
    let of = |user| folder.0.join(format!("{user}.verifiers"));
    fs::copy(of(bob()), of(alice())).unwrap();
    assert!(folder.open().checks(alice(), factor()).is_none());
}

#[test]
fn where_both_notes_are_damaged_only_the_server_counts() {
    let folder = used();
    let used = folder.0.join(format!("{}.used", alice()));
    for (journal, note) in [(Some(9_usize), Some(9)), (None, Some(9)), (Some(9), None), (None, None)] {
        let before = files(&folder);
        for (path, damage) in [(folder.0.join("journal"), journal), (used.clone(), note)] {
            match damage {
                Some(at) => {
                    let mut bytes = fs::read(&path).unwrap();
                    bytes[at] ^= 1;
                    fs::write(&path, bytes).unwrap();
                }
                None => fs::remove_file(&path).unwrap(),
            }
        }
        for _ in 0..2 {
            let vault = folder.open();
            assert_eq!(vault.last_step(alice(), factor()), None, "{journal:?} {note:?}");
            assert!(vault.checks(alice(), factor()).is_none());
            assert!(vault.coverage(alice(), factor()).is_empty(), "it is fetched again");
            assert_eq!(vault.last_step(bob(), factor()), Some(Step(LAST)), "others stay as they are");
        }
        let vault = folder.open();
        vault.put_verifiers(alice(), &sent(center()..center() + 40, LAST + 1), 0).unwrap();
        assert_eq!(vault.last_step(alice(), factor()), Some(Step(LAST + 1)), "the server has said it");
        assert_eq!(found(&vault, center() + 5), Match::Fresh(Step(center() + 5)));
        drop(vault);
        before.into_iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    }
}

#[test]
fn a_damaged_state_is_none() {
    let folder = used();
    let state = include_str!("state.json");
    let signed = SignedState { state: state.trim().into(), signature: "c2ln".into(), now: 1 };
    let vault = folder.open();
    vault.put_state(&signed).unwrap();
    assert_eq!(vault.current().unwrap().revision, 12);
    drop(vault);
    damaged(&folder, "state", |vault, what| {
        let read = vault.signed_state();
        assert_eq!(read.is_some(), vault.current().is_some(), "{what}");
        assert!(read.is_none_or(|read| read.state == signed.state), "{what}");
    });
    assert!(folder.open().current().is_none());
}

#[test]
fn a_damaged_list_of_accounts_opens_nothing() {
    use claviger_agent_core::port::Ownership;
    let folder = used();
    damaged(&folder, "accounts", |vault, what| {
        assert_ne!(vault.ownership(alice()), Ownership::Ours, "{what}");
    });
}

/// Random uses, restarts, torn ends and lost notes, against what must be so.
#[test]
fn whatever_happens_no_step_is_used_twice() {
    let folder = Folder::new();
    let mut vault = Some(folder.open());
    let mut seed = 7_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut last = -1_i64;
    for _ in 0..3_000 {
        let open = vault.get_or_insert_with(|| folder.open());
        match random(10) {
            0 => {
                open.put_verifiers(alice(), &sent(center()..center() + 2, last.max(0) - 1), 0).unwrap();
            }
            1 | 2 => {
                vault = None;
                tear(&folder, random(3), random(60));
            }
            _ => {
                let step = (last + i64::try_from(random(5)).unwrap() - 2).max(0);
                let used = open.use_step(alice(), factor(), Step(step), Judged::WithServer).unwrap();
                assert!(used == Use::Used || step > last, "{step} after {last}");
                last = if used == Use::Fresh { step } else { last };
            }
        }
    }
    assert!(last > 300, "most of them were possible: {last}");
}

/// Cuts some bytes off the text of the journal, or loses one of the notes beside it.
fn tear(folder: &Folder, what: u64, bytes: u64) {
    let (journal, note) = (folder.0.join("journal"), folder.0.join(format!("{}.used", alice())));
    match what {
        0 => {
            let mut text = fs::read(&journal).unwrap();
            let end = text.iter().rposition(|byte| *byte != 0).unwrap() + 1;
            text.truncate(end.saturating_sub(usize::try_from(bytes).unwrap()));
            fs::write(&journal, text).unwrap();
        }
        1 => {
            let _ = fs::remove_file(&note);
        }
        _ => {}
    }
}

/// A full disk: what can't be written was not used, and what was used stays so.
#[test]
fn a_full_disk_refuses_and_forgets_nothing() {
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "claviger-test"])
        .arg(&folder.0)
        .status()
        .unwrap();
    assert!(mounted.success(), "this test mounts a small file system: run it as root");
    let _unmount = Unmount(folder.0.clone());
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    let filler = folder.0.join("filler");
    let _ = fs::write(&filler, vec![1; 2 * 1024 * 1024]);
    let mut last = -1;
    let error = loop {
        match vault.use_step(alice(), factor(), Step(last + 1), Judged::WithServer) {
            Ok(used) => assert_eq!(used, Use::Fresh),
            Err(error) => break error,
        }
        last += 1;
        assert!(last < 5_000, "the disk is not full");
    };
    assert!(error.to_string().contains("No space left"), "{error}");
    assert_eq!(vault.last_step(alice(), factor()), Some(Step(last)));
    assert!(vault.wrong(wrong()).is_err() && vault.record(wrong()).is_err());
    let event = || happened(alice(), What::BreakGlass { id: break_glass(1) });
    assert!(vault.use_break_glass(break_glass(1), event()).is_err());
    fs::remove_file(&filler).unwrap();
    assert_eq!(vault.use_break_glass(break_glass(1), event()).unwrap(), Use::Fresh, "it was not used up");
    let next = Step(last + 1);
    assert_eq!(vault.use_step(alice(), factor(), next, Judged::WithServer).unwrap(), Use::Fresh);
    drop(vault);
    assert_eq!(folder.open().last_step(alice(), factor()), Some(next));
}

struct Unmount(PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
