//! The activity log as it is read (section 12).

use crate::*;
use claviger_app::activity::{Asked, Format, Place};
use claviger_domain::{audit::Entry, id::AuditId, organization::Organization, time::Span};
use claviger_store::{
    Batch, Commit, Statement, p,
    table::{self, audit_list::LOOKED_THROUGH},
};
use claviger_testing::{TestDatabase, on_both};

impl World {
    pub(crate) async fn commit(&self, batch: Batch) {
        assert_eq!(self.app.store().commit(batch).await.unwrap(), Commit::Committed);
    }

    pub(crate) async fn spoil_log(&self, sql: &'static str) {
        self.commit(Batch::of([Statement::new(sql, p![])])).await;
    }

    /// The actions and targets of every page, read onwards from the newest.
    pub(crate) async fn found(&self, asked: &Asked) -> Vec<String> {
        let (mut all, mut place) = (Vec::new(), Place::Newest);
        loop {
            let page = self.app.activity_page(&granted(), asked, place, 3).await.unwrap();
            assert!(page.entries.len() <= 3);
            all.extend(
                page.entries.iter().map(|row| format!("{} {}", row.entry.action, row.entry.target_name)),
            );
            match page.older {
                Some(id) => place = Place::Older(id),
                None => return all,
            }
        }
    }

    pub(crate) async fn seal(&self) {
        while self.app.seal_log().await.unwrap() > 0 {}
    }
}

/// Entry number `n`, a second after the one before.
pub(crate) fn written(organization: &Organization, n: i64) -> Entry {
    let at = START.plus(Span::seconds(n));
    let mut entropy = [0; 10];
    entropy[2..].copy_from_slice(&n.to_be_bytes());
    Entry {
        id: AuditId::new(at, entropy),
        organization: organization.id,
        at,
        actor_kind: "api_key".into(),
        actor_id: "0190a000-0000-7000-8000-000000000000".into(),
        actor_name: "vpn".into(),
        address: "192.0.2.1".into(),
        action: "verify".into(),
        target_id: format!("t{}", n % 100),
        target_name: format!("user{}@acme.test", n % 100),
        outcome: "success".into(),
        details: "{}".into(),
    }
}

pub(crate) fn asked(change: impl FnOnce(&mut Asked)) -> Asked {
    let mut asked = Asked::default();
    change(&mut asked);
    asked
}

on_both!(a_filter_finds_what_it_asks_for_and_nothing_else, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    world.set_up().await;
    let organization = world.app.organization().await.unwrap();
    let mut batch = Batch::new();
    let table: [(&str, &str, &str, &str, &str); 8] = [
        ("user.create", "ada@acme.test", "alice@acme.test", "success", "192.0.2.1"),
        ("user.mfa.require", "ada@acme.test", "alice@acme.test", "success", "192.0.2.1"),
        ("user.mfa.reset", "Bob_Ü", "alice@acme.test", "success", "192.0.2.2"),
        ("sign_in.password", "", "alice@acme.test", "refused", "198.51.100.9"),
        ("sign_in.code", "", "alice@acme.test", "wrong_code", "198.51.100.9"),
        ("sign_in", "", "bob@acme.test", "success", "192.0.2.2"),
        ("sign_in.password", "", "bob@acme.test", "delayed", "198.51.100.9"),
        ("verify", "vpn", "bob@acme.test", "wrong_code", "192.0.2.1"),
    ];
    for (n, (action, actor, target, outcome, address)) in (1_000_000_i64..).zip(table) {
        let entry = Entry {
            action: action.into(),
            actor_id: format!("id of {actor}"),
            actor_name: actor.into(),
            target_id: format!("id of {target}"),
            target_name: target.into(),
            outcome: outcome.into(),
            address: address.into(),
            ..written(&organization, n)
        };
        batch.push(table::audit::insert(&entry));
    }
    world.commit(batch).await;
    let from = "2027-01-26T21:46:40Z";
    let check = async |ask: fn(&mut Asked), expected: &[usize]| {
        let mut asked = asked(ask);
        if asked.from.is_empty() {
            asked.from = from.into();
        }
        let expected: Vec<_> =
            expected.iter().rev().map(|index| format!("{} {}", table[*index].0, table[*index].2)).collect();
        assert_eq!(world.found(&asked).await, expected, "{asked:?}");
    };
    check(|_| (), &[0, 1, 2, 3, 4, 5, 6, 7]).await;
    check(|asked| asked.action = "sign_in.password".into(), &[3, 6]).await;
    check(|asked| asked.action = "group:mfa".into(), &[1, 2]).await;
    check(|asked| asked.action = "group:sign_in".into(), &[3, 4, 5, 6, 7]).await;
    check(|asked| asked.action = "no.such.thing".into(), &[]).await;
    check(|asked| asked.outcome = "wrong_code".into(), &[4, 7]).await;
    check(|asked| asked.outcome = "success".into(), &[0, 1, 2, 5]).await;
    check(|asked| asked.outcome = "failed".into(), &[3, 4, 6, 7]).await;
    check(|asked| asked.address = "198.51.100.9".into(), &[3, 4, 6]).await;
    check(|asked| asked.address = "198.51.100".into(), &[]).await;
    check(|asked| asked.actor = "ADA@".into(), &[0, 1]).await;
    check(|asked| asked.actor = "bob_".into(), &[2]).await;
    check(|asked| asked.actor = "%".into(), &[]).await;
    check(|asked| asked.target = "ALICE".into(), &[0, 1, 2, 3, 4]).await;
    check(|asked| asked.from = "2027-01-26T21:46:45Z".into(), &[5, 6, 7]).await;
    check(|asked| asked.to = "2027-01-26T21:46:42Z".into(), &[0, 1]).await;
    // Several at once, whichever of them finds the entries.
    check(|asked| (asked.action, asked.outcome) = ("group:sign_in".into(), "failed".into()), &[3, 4, 6, 7])
        .await;
    check(|asked| (asked.action, asked.outcome) = ("group:sign_in".into(), "success".into()), &[5]).await;
    check(|asked| (asked.address, asked.outcome) = ("192.0.2.1".into(), "wrong_code".into()), &[7]).await;
    check(|asked| (asked.target, asked.action) = ("bob".into(), "group:sign_in".into()), &[5, 6, 7]).await;
    check(|asked| (asked.target, asked.outcome) = ("bob".into(), "failed".into()), &[6, 7]).await;
});

on_both!(an_account_is_found_by_its_address_whatever_it_was_called, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    world.user("alicette", None).await;
    let of_alice = world.found(&asked(|asked| asked.target = "alice@acme.test".into())).await;
    assert!(
        of_alice.len() > 1 && of_alice.iter().all(|row| row.ends_with(" alice@acme.test")),
        "{of_alice:?}"
    );
    assert_eq!(world.found(&asked(|asked| asked.target = "ALICE".into())).await, of_alice, "the login name");
    let by_ada = world.found(&asked(|asked| asked.target = "ada@acme.test".into())).await;
    assert!(by_ada.iter().any(|row| row.starts_with("administrator.create")), "{by_ada:?}");
    let wrong = asked(|asked| {
        asked.from = "yesterday".into();
        asked.to = "28.11.2026".into();
        asked.action = "group:nothing".into();
        asked.actor = "x".repeat(201);
    });
    let refused = world.app.activity_page(&granted(), &wrong, Place::Newest, 10).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["from", "to", "actor", "action"]);
    let turned = asked(|asked| (asked.from, asked.to) = ("2026-11-28".into(), "2026-11-27".into()));
    let refused = world.app.activity_page(&granted(), &turned, Place::Newest, 10).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["to"]);
});

on_both!(pages_lead_there_and_back, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    world.user("bob", None).await;
    let everything = Asked::default();
    let page = async |place| world.app.activity_page(&granted(), &everything, place, 2).await.unwrap();
    let ids = |page: &claviger_app::activity::ActivityPage| {
        page.entries.iter().map(|row| row.entry.id).collect::<Vec<_>>()
    };
    let first = page(Place::Newest).await;
    assert_eq!((first.newer, ids(&first).len()), (None, 2));
    let second = page(Place::Older(first.older.unwrap())).await;
    assert!(ids(&second).iter().all(|id| *id < ids(&first)[1]));
    let back = page(Place::Newer(second.newer.unwrap())).await;
    assert_eq!(ids(&back), ids(&first));
    assert_eq!(back.newer, None);
    assert_eq!(page(Place::Older(back.older.unwrap())).await.entries.len(), 2);
});

on_both!(a_page_looks_through_so_many_entries_and_says_how_far, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    let organization = world.app.organization().await.unwrap();
    let count = LOOKED_THROUGH as i64 + 500;
    for first in (0..count).step_by(500) {
        let entries = (first..first + 500).map(|n| {
            let name = if n == 7 { "needle" } else { "hay" };
            table::audit::insert(&Entry { target_name: name.into(), ..written(&organization, n) })
        });
        world.commit(Batch::of(entries)).await;
    }
    for sparse in [
        asked(|asked| asked.target = "NEEDLE".into()),
        asked(|asked| (asked.action, asked.target) = ("verify".into(), "needle".into())),
        asked(|asked| (asked.action, asked.target) = ("group:sign_in".into(), "needle".into())),
    ] {
        let page = world.app.activity_page(&granted(), &sparse, Place::Newest, 50).await.unwrap();
        assert!(page.entries.is_empty() && page.looked_to.is_some(), "{sparse:?}");
        assert_eq!(page.older, page.looked_to);
        let rest = Place::Older(page.older.unwrap());
        let page = world.app.activity_page(&granted(), &sparse, rest, 50).await.unwrap();
        assert_eq!((page.entries.len(), page.older, page.looked_to), (1, None, None), "{sparse:?}");
        let back = Place::Newer(page.entries[0].entry.id);
        let page = world.app.activity_page(&granted(), &sparse, back, 50).await.unwrap();
        assert!(page.entries.is_empty() && page.newer.is_some() && page.older.is_some());
        let end = world
            .app
            .activity_page(&granted(), &sparse, Place::Newer(page.newer.unwrap()), 50)
            .await
            .unwrap();
        assert_eq!((end.newer, end.looked_to), (None, None));
    }
    let dense = asked(|asked| asked.target = "hay".into());
    let page = world.app.activity_page(&granted(), &dense, Place::Newest, 50).await.unwrap();
    assert_eq!((page.entries.len(), page.looked_to), (50, None));
});

on_both!(what_is_sealed_since_is_told_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.seal().await;
    let everything = Asked::default();
    let (_, after) = world.app.activity_since(&granted(), &everything, 0).await.unwrap();
    let (none, same) = world.app.activity_since(&granted(), &everything, after).await.unwrap();
    assert!(none.is_empty() && same == after);
    world.user("alice", None).await;
    assert!(
        world.app.activity_since(&granted(), &everything, after).await.unwrap().0.is_empty(),
        "not sealed yet"
    );
    world.seal().await;
    let (newest, end) = world.app.activity_since(&granted(), &everything, after).await.unwrap();
    assert_eq!(newest.len() as i64, end - after);
    assert!(newest.iter().all(|row| row.sealed.is_some()));
    let of_mfa = asked(|asked| asked.action = "group:mfa".into());
    assert!(world.app.activity_since(&granted(), &of_mfa, after).await.unwrap().0.is_empty());
});

on_both!(an_export_has_every_entry_and_no_formula, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    world.seal().await;
    let organization = world.app.organization().await.unwrap();
    let evil = Entry { actor_name: "=HYPERLINK(1)".into(), ..written(&organization, -1) };
    world.commit(Batch::of([table::audit::insert(&evil)])).await;
    let entries = world.found(&Asked::default()).await.len();
    world.later(Span::seconds(1));
    let text = async |format| {
        let mut export = world.app.export_activity(&granted(), &Asked::default(), format).await.unwrap();
        let mut text = String::new();
        while let Some(piece) = export.next().await.unwrap() {
            text.push_str(&piece);
        }
        text
    };
    let csv = text(Format::Csv).await;
    assert_eq!(csv.lines().count(), entries + 1);
    assert!(csv.starts_with("at,sequence,actor_kind,") && csv.contains(",'=HYPERLINK(1),"), "{csv}");
    world.later(Span::seconds(1));
    let lines = text(Format::JsonLines).await;
    assert_eq!(lines.lines().count(), entries + 1, "the first export stands in the second");
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["action"], "activity.export");
    assert_eq!(first["details"]["format"], "csv");
});
