//! Two logins with one code at one moment: the server says yes to one of them, and the other may hear its no first.

use super::*;

#[test]
fn the_servers_yes_counts_though_another_login_heard_its_no_before() {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    let uses = |step: i64, judged| vault.use_step(alice(), factor(), Step(step), judged).unwrap();
    uses(center(), Judged::UsedBefore);
    assert_eq!(uses(center(), offline(center())), Use::Used, "the device by itself takes it no more");
    assert_eq!(uses(center(), Judged::WithServer), Use::Fresh);
    for judged in [Judged::WithServer, Judged::UsedBefore, offline(center()), Judged::WithServer] {
        assert_eq!(uses(center(), judged), Use::Used);
    }
    // What the device took by itself is taken, whatever the server says of it later.
    assert_eq!(uses(center() + 1, offline(center() + 1)), Use::Fresh);
    for judged in [Judged::UsedBefore, Judged::WithServer] {
        assert_eq!(uses(center() + 1, judged), Use::Used);
    }
    // A yes for an earlier step comes too late.
    uses(center() + 2, Judged::UsedBefore);
    assert_eq!(uses(center() + 3, Judged::WithServer), Use::Fresh);
    assert_eq!(uses(center() + 2, Judged::WithServer), Use::Used);
}

#[test]
fn nobody_waits_for_a_yes_across_a_restart() {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    vault.use_step(alice(), factor(), Step(center()), Judged::UsedBefore).unwrap();
    drop(vault);
    let judged = Judged::WithServer;
    assert_eq!(folder.open().use_step(alice(), factor(), Step(center()), judged).unwrap(), Use::Used);
}
