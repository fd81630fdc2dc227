//! Files of users: at size, cut off, and stopped by whoever may.

use crate::*;
use claviger_app::{
    Refusal,
    bulk::Verb,
    import::Options,
    stored::{JobState, Line, Part, Which, user_list::Filter},
    users::Activation,
};
use claviger_domain::{
    id::{AccountId, JobId},
    permission::{Actor, Permission, Role, Who},
    time::Span,
};
use claviger_store::{Batch, Commit, table::job};
use claviger_testing::{Engine, TestDatabase, on_both};

const ROWS: usize = 20_000;

async fn lines(world: &World, id: JobId, of: Which) -> Vec<Line> {
    world.app.job_report(&granted(), id, Part { of, after: 0, limit: 1_000 }).await.unwrap()
}

fn staged() -> Options {
    Options { activation: Activation::Later, requirement: Some(period(7)), days: days(7) }
}

/// The bad rows stand on lines 2, 10,001 and the last.
fn file(rows: usize) -> (Vec<u8>, [usize; 3]) {
    let bad = [2, 10_001, rows + 1];
    let mut text = String::from("username,email,first_name,groups\n");
    for line in 2..=rows + 1 {
        text.push_str(&match bad.iter().position(|bad| *bad == line) {
            Some(0) => format!("u{line},u{line}@acme.test,First,Nobody\n"),
            Some(1) => format!("U{},other@acme.test,Twin,\n", line - 1),
            Some(_) => format!("{line},nowhere,,\n"),
            None => format!("u{line},u{line}@acme.test,Person {line},\n"),
        });
    }
    (text.into_bytes(), bad)
}

/// The most memory that this process has ever had, in MiB; nothing where the system doesn't tell.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib / 1024)
}

/// S3.8, at the size of the roll-out. A hundred thousand rows are measured by the benchmark suite.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_rows_all_but_the_bad_ones_are_made_and_the_bad_ones_told_by_their_lines() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let world = World::new(&database).await;
    let (file, bad) = file(ROWS);
    let upload = world.app.upload_users(&granted(), file, staged()).await.unwrap();
    let preview = world.app.job(&granted(), upload.job).await.unwrap();
    assert_eq!((preview.state, preview.total), (JobState::Preview, ROWS as i64));
    let shown = lines(&world, upload.job, Which::Skipped).await;
    let told: Vec<_> = shown.iter().map(|line| line.reason.as_str()).collect();
    let [first, twin, last] = bad;
    assert_eq!(told[0], format!("Line {first}: There is no group Nobody."));
    assert_eq!(told[1], format!("Line {twin}: Another user has this username."));
    assert!(told[2].starts_with(&format!("Line {last}: ")) && told.len() == 3, "{told:?}");
    assert_eq!(world.app.count_users(&granted(), &Filter::default()).await.unwrap(), 0);

    world.app.confirm_job(&granted(), upload.job).await.unwrap();
    world.app.work_once().await.unwrap();
    let job = world.app.job(&granted(), upload.job).await.unwrap();
    assert_eq!((job.state, job.position, job.skipped), (JobState::Done, ROWS as i64, 3));
    assert_eq!(lines(&world, upload.job, Which::Skipped).await, shown, "what was shown is what was done");
    let made = world.app.count_users(&granted(), &Filter::default()).await.unwrap();
    assert_eq!(made, ROWS as i64 - 3);
    assert!(peak().is_none_or(|peak| peak < 400), "{:?} MiB", peak());
}

on_both!(a_row_that_another_user_took_meanwhile_is_told_with_its_line, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let file = b"username,email\n\nalice,alice@acme.test\nbob,bob@acme.test\n".to_vec();
    let upload = world.app.upload_users(&granted(), file, staged()).await.unwrap();
    assert_eq!(lines(&world, upload.job, Which::Skipped).await, []);
    world.user("bob", None).await;
    world.app.confirm_job(&granted(), upload.job).await.unwrap();
    world.app.work_once().await.unwrap();
    let told = lines(&world, upload.job, Which::Skipped).await;
    assert_eq!((told.len(), told[0].label.as_str()), (1, "bob@acme.test"));
    assert_eq!(told[0].reason, "Line 4: Another user has this e-mail.");
});

on_both!(what_an_upload_that_was_cut_off_left_is_gone_after_a_day, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let organization = world.app.organization().await.unwrap().id;
    let begun = async |entropy: u8, rows: i64| {
        let id = JobId::new(world.app.now(), [entropy; 10]);
        let line = |position| Line { position, label: "a@acme.test".into(), reason: "x".into() };
        let items = (1..=rows).map(|position| job::item(organization, id, &line(position), "{}"));
        assert_eq!(world.app.store().commit(Batch::of(items)).await.unwrap(), Commit::Committed);
        id
    };
    let file = || b"username,email\n2,x\n".to_vec();
    let kept = world.app.upload_users(&granted(), file(), staged()).await.unwrap().job;
    let strays = [begun(1, 3).await, begun(2, 70).await];
    world.later(Span::hours(2));
    let between = world.app.upload_users(&granted(), file(), staged()).await.unwrap().job;
    world.later(Span::hours(21));
    let young = begun(3, 2).await;
    let left = async |id| lines(&world, id, Which::All).await.len();
    world.app.work_once().await.unwrap();
    assert_eq!((left(strays[0]).await, left(strays[1]).await), (3, 70), "it may still be going on");
    world.later(Span::hours(2));
    world.app.work_once().await.unwrap();
    assert_eq!((left(strays[0]).await, left(strays[1]).await, left(young).await), (0, 0, 2));
    assert_eq!((left(kept).await, left(between).await), (1, 1), "a preview waits to be confirmed");
});

on_both!(a_job_is_stopped_by_whoever_may_ask_for_it, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    let id = AccountId::new(world.app.now(), [1; 10]);
    let who = Who::ApiKey { owner: id, role: Role::HelpDesk };
    let helper = Actor { who, name: "helper".into(), address: String::new() };
    let all = Filter::default();
    let extend = world.app.start_bulk(&helper, &Verb::Extend { days: days(5) }, &all).await.unwrap();
    let refused = world.app.start_bulk(&helper, &Verb::Suspend, &all).await.unwrap_err();
    assert!(matches!(refused, Refusal::Denied(denied) if denied.0 == Permission::ManageUsers), "{refused}");
    let system = Actor { who: Who::System, name: "test".into(), address: String::new() };
    let suspend = world.app.start_bulk(&system, &Verb::Suspend, &all).await.unwrap();
    let file = b"username,email\nbob,bob@acme.test\n".to_vec();
    let upload = world.app.upload_users(&granted(), file, staged()).await.unwrap().job;
    for job in [suspend, upload] {
        let refused = world.app.cancel_job(&helper.granted().unwrap(), job).await.unwrap_err();
        assert!(
            matches!(refused, Refusal::Denied(denied) if denied.0 == Permission::ManageUsers),
            "{refused}"
        );
    }
    world.app.cancel_job(&helper.granted().unwrap(), extend).await.unwrap();
    let stopped = world.app.job(&granted(), extend).await.unwrap();
    assert_eq!(stopped.state, JobState::Canceled);
});
