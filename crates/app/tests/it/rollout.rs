use crate::*;
use claviger_app::{
    Refusal,
    bulk::Verb,
    demand::Demand,
    groups::GroupForm,
    import::Options,
    stored::{
        Job, JobState, Line, Part, Which,
        user_list::{Filter, Listing, Order, Page, RequirementFilter, Sort},
    },
    users::Activation,
};
use claviger_domain::{
    account::State,
    group::{Rule, RuleForm},
    id::JobId,
    mfa::RunningPeriod,
    permission::{Actor, Who},
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};

fn administrator() -> Actor {
    Actor { who: Who::System, name: "test".into(), address: String::new() }
}

fn require(n: i64) -> Verb {
    Verb::RequireMfa { period: period(n), running: RunningPeriod::Keep }
}

async fn through(world: &World, id: JobId) -> Job {
    for _ in 0..20 {
        world.app.work_once().await.unwrap();
        let job = world.app.job(&granted(), id).await.unwrap();
        if job.state.has_ended() {
            return job;
        }
    }
    panic!("the job does not end");
}

async fn skipped(world: &World, id: JobId) -> Vec<Line> {
    let part = Part { of: Which::Skipped, after: 0, limit: 1_000 };
    world.app.job_report(&granted(), id, part).await.unwrap()
}

async fn done(world: &World, verb: &Verb, filter: &Filter) -> (Job, Vec<Line>) {
    let id = world.app.start_bulk(&administrator(), verb, filter).await.unwrap();
    (through(world, id).await, skipped(world, id).await)
}

async fn staged(world: &World, names: &[&str]) {
    for name in names {
        world
            .app
            .create_user(&granted(), &person(name), &Demand::NotRequired, Activation::Later)
            .await
            .unwrap();
    }
}

async fn listed(world: &World, filter: Filter) -> Vec<String> {
    let listing =
        Listing { filter, sort: Sort::Name, order: Order::Ascending, page: Page::First, limit: 100 };
    let found = world.app.users(&granted(), &listing).await.unwrap();
    found.users.iter().map(|user| user.username().unwrap().to_string()).collect()
}

fn csv(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn options() -> Options {
    Options { activation: Activation::Now, requirement: Some(period(7)), days: days(7) }
}

on_both!(everyone_who_matches_is_required_and_told_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (enrolled, _) = world.enrolled("alice").await;
    world.user("bob", None).await;
    world.user("carol", Some(3)).await;
    staged(&world, &["dave"]).await;
    let forecast = world.app.forecast(&granted(), &Filter::default()).await.unwrap();
    assert_eq!((forecast.total(), forecast.in_state(State::Staged)), (4, 1));
    assert_eq!(forecast.with_status(&["active", "optional"]), 1);
    let (job, report) = done(&world, &require(7), &Filter::default()).await;
    assert_eq!((job.state, job.total, job.position, job.skipped), (JobState::Done, 4, 4, 2));
    let reasons: Vec<_> = report.iter().map(|line| (line.label.as_str(), line.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            ("alice@acme.test", "MFA is required and set up already."),
            ("carol@acme.test", "MFA is required already, with an earlier deadline."),
        ]
    );
    assert!(world.subjects("bob@acme.test").await.contains(&"mfa_required".to_owned()));
    assert_eq!(world.subjects("dave@acme.test").await, [""; 0], "a staged user is told at activation");
    assert_eq!(world.account(enrolled.id).await.mfa, enrolled.mfa);
    let (again, _) = done(&world, &require(7), &Filter::default()).await;
    assert_eq!(again.skipped, 4, "nobody is required or told twice");
    let mails = world.subjects("bob@acme.test").await;
    assert_eq!(mails.iter().filter(|kind| *kind == "mfa_required").count(), 1);
    let restart = Verb::RequireMfa { period: period(30), running: RunningPeriod::Restart };
    assert_eq!(done(&world, &restart, &Filter::default()).await.0.skipped, 1);
});

on_both!(each_verb_does_what_it_says_and_tells_why_not, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.enrolled("alice").await;
    staged(&world, &["bob", "carol"]).await;
    let one = |id| Filter { ids: Some(vec![id]), ..Filter::default() };
    let (job, report) = done(&world, &Verb::Activate, &Filter::default()).await;
    assert_eq!((job.skipped, report[0].reason.as_str()), (1, "The user is activated already."));
    assert_eq!(world.subjects("bob@acme.test").await, ["registration"]);
    done(&world, &Verb::ResendActivation, &Filter::default()).await;
    assert_eq!(world.subjects("bob@acme.test").await, ["registration", "registration"]);
    let (job, _) = done(&world, &Verb::Suspend, &Filter { search: "car".into(), ..Filter::default() }).await;
    assert_eq!((job.total, job.skipped), (1, 0));
    assert_eq!(
        listed(&world, Filter { state: Some(State::Suspended), ..Filter::default() }).await,
        ["carol"]
    );
    let reset = Verb::ResetMfa { days: days(5), reason: "new phones".into() };
    let (job, report) = done(&world, &reset, &Filter::default()).await;
    assert_eq!((job.total, job.skipped), (3, 2));
    assert!(report[0].reason.contains("not set up"), "{report:?}");
    assert_eq!(world.subjects("alice@acme.test").await.last().unwrap(), "mfa_reset");
    let (job, _) = done(&world, &Verb::Extend { days: days(5) }, &Filter::default()).await;
    assert_eq!(job.skipped, 2);
    let (job, _) = done(&world, &Verb::RemoveRequirement, &Filter::default()).await;
    assert_eq!(job.skipped, 2);
    let bob = world.app.find_account(claviger_domain::account::Realm::User, "bob").await.unwrap().unwrap().id;
    done(&world, &Verb::Delete, &one(bob)).await;
    assert_eq!(listed(&world, Filter::default()).await, ["alice", "carol"]);
});

on_both!(a_job_of_nobody_or_without_reason_or_totp_is_refused, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let none = Filter { search: "nobody".into(), ..Filter::default() };
    let refused = world.app.start_bulk(&administrator(), &require(7), &none).await.unwrap_err();
    assert!(matches!(refused, Refusal::State { code: "nobody", .. }), "{refused}");
    world.user("alice", None).await;
    let reset = Verb::ResetMfa { days: days(5), reason: " ".into() };
    let refused = world.app.start_bulk(&administrator(), &reset, &Filter::default()).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["reason"]);
    let gone = Verb::AddToGroup(claviger_domain::id::GroupId::new(world.app.now(), [9; 10]));
    let refused = world.app.start_bulk(&administrator(), &gone, &Filter::default()).await.unwrap_err();
    assert!(matches!(refused, Refusal::NotFound("group")), "{refused}");
    let totp = claviger_domain::sign_in::TotpSwitch::Disabled;
    world.app.switch_totp(&granted(), totp).await.unwrap();
    let refused = world.app.start_bulk(&administrator(), &require(7), &Filter::default()).await.unwrap_err();
    assert!(matches!(refused, Refusal::State { code: "totp_disabled", .. }), "{refused}");
});

on_both!(
    who_is_deleted_while_a_job_waits_is_reported_and_the_rest_is_done,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let alice = world.user("alice", None).await;
        world.user("bob", None).await;
        let id = world.app.start_bulk(&administrator(), &require(7), &Filter::default()).await.unwrap();
        world.app.delete_user(&granted(), alice.id).await.unwrap();
        let job = through(&world, id).await;
        assert_eq!((job.state, job.total, job.skipped), (JobState::Done, 2, 1));
        assert_eq!(skipped(&world, id).await[0].reason, "The user was deleted meanwhile.");
    }
);

on_both!(a_canceled_job_does_nothing_more, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    let id = world.app.start_bulk(&administrator(), &require(7), &Filter::default()).await.unwrap();
    world.app.cancel_job(&granted(), id).await.unwrap();
    world.app.work_once().await.unwrap();
    let job = world.app.job(&granted(), id).await.unwrap();
    assert_eq!((job.state, job.position), (JobState::Canceled, 0));
    let refused = world.app.cancel_job(&granted(), id).await.unwrap_err();
    assert!(matches!(refused, Refusal::State { code: "ended", .. }), "{refused}");
    let filter = Filter { requirement: Some(RequirementFilter::Required), ..Filter::default() };
    assert_eq!(listed(&world, filter).await, [""; 0]);
});

on_both!(two_nodes_do_each_item_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut file = String::from("username,email\n");
    for n in 0..600 {
        file.push_str(&format!("u{n:03},u{n:03}@acme.test\n"));
    }
    let upload = world.app.upload_users(&granted(), csv(&file), options()).await.unwrap();
    world.app.confirm_job(&granted(), upload.job).await.unwrap();
    let other = world.another_node(database).await;
    let (one, two) = tokio::join!(world.app.work_once(), other.work_once());
    one.unwrap();
    two.unwrap();
    let job = through(&world, upload.job).await;
    assert_eq!((job.total, job.position, job.skipped), (600, 600, 0));
    assert_eq!(world.app.count_users(&granted(), &Filter::default()).await.unwrap(), 600);
    assert_eq!(world.subjects("u599@acme.test").await, ["registration", "mfa_required"]);
});

on_both!(an_import_is_shown_first_and_does_what_it_showed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("taken", None).await;
    world
        .app
        .create_group(&granted(), &GroupForm { name: "Sales".into(), description: String::new() })
        .await
        .unwrap();
    let file = "username,email,first_name,enable_user_portal_multifactor,EnrollmentDays,groups,shoe\n\
        alice,alice@acme.test,=cmd|' /C calc'!A0,TRUE,30,sales,42\n\
        ALICE,alice2@acme.test,,,,,\n\
        bob,bob@acme.test,,false,,,\n\
        2bad,carol@acme.test,,true,366,,\n\
        dave,Taken@ACME.test,,,,,\n\
        eve,eve@acme.test,,,,Marketing,\n";
    let upload = world.app.upload_users(&granted(), csv(file), options()).await.unwrap();
    assert_eq!(upload.ignored, ["shoe"]);
    let job = world.app.job(&granted(), upload.job).await.unwrap();
    assert_eq!((job.state, job.total), (JobState::Preview, 6));
    assert_eq!(listed(&world, Filter::default()).await, ["taken"], "nothing is written yet");
    world.app.work_once().await.unwrap();
    let shown: Vec<_> = skipped(&world, upload.job).await.iter().map(|line| line.position).collect();
    assert_eq!(shown, [2, 4, 5, 6]);
    world.app.confirm_job(&granted(), upload.job).await.unwrap();
    let job = through(&world, upload.job).await;
    assert_eq!((job.state, job.skipped), (JobState::Done, 4));
    let after: Vec<_> = skipped(&world, upload.job).await.iter().map(|line| line.position).collect();
    assert_eq!(after, shown, "what was shown is what was done");
    assert_eq!(listed(&world, Filter::default()).await, ["alice", "bob", "taken"]);
    let required = Filter { requirement: Some(RequirementFilter::Required), ..Filter::default() };
    assert_eq!(listed(&world, required).await, ["alice"]);
    let again = world.app.confirm_job(&granted(), upload.job).await.unwrap_err();
    assert!(matches!(again, Refusal::State { code: "started", .. }), "{again}");
});

on_both!(membership_requires_mfa_in_waves_until_too_many_fail, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let sales = GroupForm { name: "Sales".into(), ..GroupForm::default() };
    let group = world.app.create_group(&granted(), &sales).await.unwrap();
    for name in ["alice", "bob", "carol"] {
        let user = world.user(name, None).await;
        world.app.add_member(&granted(), group.id, user.email.as_str()).await.unwrap();
        world.later(Span::seconds(1));
    }
    let waves = RuleForm { kind: "waves", days: "1", size: "1", hours: "36", pause_at: "50" };
    world.app.set_rule(&granted(), group.id, &waves, "").await.unwrap();
    let only = Filter { requirement: Some(RequirementFilter::Required), ..Filter::default() };
    let required = || listed(&world, only.clone());
    world.app.work_once().await.unwrap();
    assert_eq!(required().await, ["alice"]);
    world.later(Span::hours(35));
    world.app.work_once().await.unwrap();
    assert_eq!(required().await, ["alice"], "the next wave is not due");
    world.later(Span::hours(2));
    world.app.work_once().await.unwrap();
    assert_eq!(required().await, ["alice"], "alice let her day pass: the rule pauses");
    let paused = world.app.group(&granted(), group.id).await.unwrap();
    assert!(matches!(paused.rule, Rule::Paused(_)), "{paused:?}");
    let everyone = RuleForm { kind: "everyone", days: "7", ..RuleForm::default() };
    world.app.set_rule(&granted(), group.id, &everyone, "").await.unwrap();
    world.later(Span::seconds(11));
    world.app.work_once().await.unwrap();
    assert_eq!(required().await, ["alice", "bob", "carol"]);
    let dave = world.user("dave", None).await;
    world.app.add_member(&granted(), group.id, dave.email.as_str()).await.unwrap();
    world.later(Span::minutes(2));
    world.app.work_once().await.unwrap();
    assert_eq!(required().await.len(), 4, "who joins later is required, too");
    assert!(matches!(world.account(dave.id).await.mfa.requirement, claviger_domain::mfa::Requirement::By(_)));
});

on_both!(a_large_wave_goes_out_in_parts_and_no_further, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut file = String::from("username,email,groups\n");
    for n in 0..700 {
        file.push_str(&format!("u{n},u{n}@acme.test,Sales\n"));
    }
    let sales = GroupForm { name: "Sales".into(), ..GroupForm::default() };
    let group = world.app.create_group(&granted(), &sales).await.unwrap();
    let unasked = Options { requirement: None, ..options() };
    let upload = world.app.upload_users(&granted(), csv(&file), unasked).await.unwrap();
    world.app.confirm_job(&granted(), upload.job).await.unwrap();
    through(&world, upload.job).await;
    let waves = RuleForm { kind: "waves", days: "7", size: "600", hours: "24", pause_at: "50" };
    world.app.set_rule(&granted(), group.id, &waves, "").await.unwrap();
    world.later(Span::seconds(11));
    world.app.work_once().await.unwrap();
    let progress = async || world.app.rule_progress(&granted(), group.id).await.unwrap().required;
    assert_eq!(progress().await, 600);
    world.later(Span::hours(25));
    world.app.work_once().await.unwrap();
    assert_eq!(progress().await, 700);
});

on_both!(groups_have_names_of_their_own_and_members, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let named = |name: &str| GroupForm { name: name.into(), description: String::new() };
    let sales = world.app.create_group(&granted(), &named("Sales")).await.unwrap();
    let twin = world.app.create_group(&granted(), &named("SALES")).await.unwrap_err();
    assert_eq!(refused_fields(twin), ["name"]);
    staged(&world, &["alice", "bob"]).await;
    let (job, _) = done(&world, &Verb::AddToGroup(sales.id), &Filter::default()).await;
    assert_eq!(job.skipped, 0);
    let members = Filter { group: Some(sales.id), ..Filter::default() };
    assert_eq!(listed(&world, members.clone()).await, ["alice", "bob"]);
    let bob = Filter { search: "bob".into(), ..members.clone() };
    done(&world, &Verb::RemoveFromGroup(sales.id), &bob).await;
    assert_eq!(listed(&world, members.clone()).await, ["alice"]);
    let mut export = world.app.export_users(&granted(), members.clone()).await.unwrap();
    let mut text = String::new();
    while let Some(part) = export.next().await.unwrap() {
        text.push_str(&part);
    }
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.lines().last().unwrap().starts_with("alice,alice@acme.test,,,,staged,none,false,,false,Sales,")
    );
    world.app.delete_group(&granted(), sales.id).await.unwrap();
    assert_eq!(listed(&world, members).await, [""; 0]);
    assert_eq!(listed(&world, Filter::default()).await.len(), 2);
});
