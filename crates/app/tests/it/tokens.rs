use crate::*;
use claviger_app::{
    App, Refusal,
    enrollment::Enroller,
    stored::{Held, ListedToken, TokenFilter, token_cursor, user_list::Page},
    token_file::{BadRows, ImportReport, Upload},
    tokens::FirstCode,
    verify::{Told, Verified},
};
use claviger_domain::{
    account::Account,
    mfa::{Enrollment, Requirement},
    secret::Secret,
    sign_in::{Next, TotpSwitch},
    time::Span,
    token::Whereabouts,
    totp::TotpSecret,
};
use claviger_store::p;
use claviger_testing::{TestDatabase, on_both};

/// The secret of the n-th token.
fn seed(n: u8) -> TotpSecret {
    TotpSecret::new(vec![n; 20])
}

fn row(n: u8) -> String {
    format!("T-{n},{}\n", data_encoding::HEXLOWER.encode(seed(n).expose()))
}

async fn import(world: &World, file: impl AsRef<[u8]>, bad: BadRows) -> Result<ImportReport, Refusal> {
    let upload = Upload { file: Secret::new(file.as_ref().to_vec()), key: None };
    world.app.import_tokens(&granted(), upload, bad).await
}

/// A stock of tokens T-1 to T-`count`.
async fn given_stock(world: &World, count: u8) {
    let file: String = (1..=count).map(row).collect();
    let report = import(world, file, BadRows::RefuseFile).await.unwrap();
    assert_eq!(report.imported, usize::from(count), "{report:?}");
}

async fn listed(world: &World, held: Option<Held>) -> Vec<ListedToken> {
    let filter = TokenFilter { held, ..TokenFilter::default() };
    world.app.tokens(&granted(), &filter, &Page::First, 100).await.unwrap().tokens
}

async fn place_of(world: &World, serial: &str) -> Whereabouts {
    let all = listed(world, None).await;
    all.iter().find(|listed| listed.token.serial.as_str() == serial).unwrap().token.whereabouts
}

async fn assign(app: &App, user: &Account, serial: &str, code: FirstCode<'_>) -> Result<Account, Refusal> {
    app.assign_token(&granted(), user.id, serial, code).await
}

fn state_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::State { code, .. } => code,
        other => panic!("{other}"),
    }
}

on_both!(a_file_fills_the_stock_and_its_secrets_are_sealed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let file = format!("serial,secret\n{}{}", row(1), row(2));
    let report = import(&world, &file, BadRows::RefuseFile).await.unwrap();
    assert_eq!((report.good, report.imported, report.assigned, report.errors.len()), (2, 2, 0, 0));
    assert!(listed(&world, None).await.iter().all(|listed| listed.token.whereabouts == Whereabouts::Stock));
    let kept: Vec<Vec<u8>> =
        world.app.store().query("SELECT secret FROM hardware_token ORDER BY serial_key", p![]).await.unwrap();
    for (n, sealed) in (1..).zip(&kept) {
        assert!(!sealed.windows(4).any(|window| window == [n; 4]), "token {n}");
    }
});

on_both!(a_bad_row_imports_nothing_unless_the_good_ones_are_asked_for, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let file = format!("{}T-9,nonsense!\n{}", row(1), row(2));
    let report = import(&world, &file, BadRows::RefuseFile).await.unwrap();
    assert_eq!((report.good, report.imported, report.errors.len()), (2, 0, 1));
    assert!(listed(&world, None).await.is_empty());
    let report = import(&world, &file, BadRows::LeaveOut).await.unwrap();
    assert_eq!((report.imported, report.errors.len()), (2, 1));
    assert_eq!(listed(&world, None).await.len(), 2);
});

on_both!(a_token_that_is_known_is_refused_whatever_its_case, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 2).await;
    let again = row(2).to_lowercase();
    let report = import(&world, format!("{}{again}", row(3)), BadRows::LeaveOut).await.unwrap();
    let told: Vec<_> = report.errors.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["Row 2: a token with this serial number is in stock or assigned already."]);
    assert_eq!((report.imported, listed(&world, None).await.len()), (1, 3));
    let report = import(&world, again, BadRows::LeaveOut).await.unwrap();
    assert_eq!((report.good, report.imported), (0, 0));
});

on_both!(a_wrong_key_imports_nothing, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let file = include_str!("../../src/token_file/samples/figure6.xml");
    let file = file.replace("pskc:hotp", "pskc:totp").replace("Length=\"8\"", "Length=\"6\"");
    let upload = |key: &str| Upload {
        file: Secret::new(file.clone().into_bytes()),
        key: (!key.is_empty()).then(|| Secret::from(key)),
    };
    for wrong in ["", "00000000000000000000000000000000"] {
        let refused =
            world.app.import_tokens(&granted(), upload(wrong), BadRows::LeaveOut).await.unwrap_err();
        assert_eq!(refused_fields(refused), ["key"], "{wrong}");
    }
    assert!(listed(&world, None).await.is_empty());
    let right = upload("12345678901234567890123456789012");
    let report = world.app.import_tokens(&granted(), right, BadRows::RefuseFile).await.unwrap();
    assert_eq!(report.imported, 1);
});

on_both!(a_file_for_entra_gives_tokens_to_users_without_a_factor, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alice = world.user("alice", Some(7)).await;
    world.user("bob", None).await;
    let (carol, _) = world.enrolled("carol").await;
    let mut file = "upn,serial number,secret key,time interval,manufacturer,model\n".to_owned();
    for (n, upn) in (1..).zip(["Alice@acme.test", "bob", "carol@acme.test", "nobody@acme.test", "alice", ""])
    {
        file.push_str(&format!("{upn},T-{n},{},30,Acme,C200\n", seed(n).base32().expose()));
    }
    let report = import(&world, &file, BadRows::RefuseFile).await.unwrap();
    assert_eq!((report.imported, report.assigned, report.errors.len()), (6, 2, 0));
    assert_eq!(report.remarks.iter().map(|remark| remark.row).collect::<Vec<_>>(), [4, 5, 6]);
    let place = place_of(&world, "T-1").await;
    assert!(matches!(place, Whereabouts::Waiting { account, .. } if account == alice.id), "{place:?}");
    assert_eq!(listed(&world, Some(Held::Assigned)).await.len(), 2);
    assert!(world.app.token_of(&granted(), carol.id).await.unwrap().is_none());
});

on_both!(the_right_code_makes_a_token_the_factor_and_is_used_up, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 1).await;
    let alice = world.user("alice", Some(7)).await;
    let code = world.code_now(&seed(1));
    let after = assign(&world.app, &alice, " t-1 ", FirstCode::Now(&code)).await.unwrap();
    assert_eq!(after, world.account(alice.id).await);
    assert!(matches!(after.mfa.enrollment, Enrollment::Enrolled(_)));
    assert_eq!(after.mfa.requirement, Requirement::AtOnce, "a period has done its work");
    assert!(
        matches!(place_of(&world, "T-1").await, Whereabouts::InUse { account, .. } if account == alice.id)
    );
    assert!(world.subjects("alice@acme.test").await.contains(&"mfa_set_up".to_owned()));
    let log = world.app.activity(&granted(), &alice.id.to_string(), 50).await.unwrap();
    assert!(log.iter().any(|entry| entry.action == "user.mfa.token.assign" && entry.details.contains("T-1")));
    assert!(matches!(world.half("alice").await.next, Next::Code(_)));
    let again = world.app.verify(&granted(), alice.id, &world.code(&seed(1))).await.unwrap();
    assert_eq!(again, Verified::Told(Told::AlreadyUsed));
    world.later(Span::seconds(30));
    let next = world.app.verify(&granted(), alice.id, &world.code(&seed(1))).await.unwrap();
    assert_eq!(next, Verified::Told(Told::Accepted));
});

on_both!(a_requirement_that_was_not_there_is_not_made, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 1).await;
    let alice = world.user("alice", None).await;
    let code = world.code_now(&seed(1));
    let after = assign(&world.app, &alice, "T-1", FirstCode::Now(&code)).await.unwrap();
    assert_eq!(after.mfa.requirement, Requirement::NotRequired);
});

on_both!(a_wrong_code_is_told_counts_nothing_and_assigns_nothing, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 2).await;
    let alice = world.user("alice", Some(7)).await;
    let others = world.code_now(&seed(2));
    for _ in 0..12 {
        for wrong in [others.as_str(), "", "12345", "abcdef"] {
            let refused = assign(&world.app, &alice, "T-1", FirstCode::Now(wrong)).await.unwrap_err();
            assert_eq!(refused_fields(refused), ["code"], "{wrong}");
        }
    }
    assert_eq!(world.account(alice.id).await, alice);
    assert_eq!(place_of(&world, "T-1").await, Whereabouts::Stock);
    let refused = assign(&world.app, &alice, "T-7", FirstCode::Later).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["serial"]);
    let code = world.code_now(&seed(1));
    assert!(assign(&world.app, &alice, "T-1", FirstCode::Now(&code)).await.is_ok());
});

on_both!(without_a_code_the_user_enters_the_first_one, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 1).await;
    let alice = world.user("alice", Some(7)).await;
    let after = assign(&world.app, &alice, "T-1", FirstCode::Later).await.unwrap();
    assert_eq!(after.mfa, alice.mfa);
    assert!(matches!(place_of(&world, "T-1").await, Whereabouts::Waiting { .. }));
    let who = Enroller::on_the_way(&world.half("alice").await).unwrap();
    assert_eq!(world.app.waiting_token(&who).await.unwrap().unwrap().as_str(), "T-1");
    let refused = world.app.confirm_token(&who, "000000").await.unwrap_err();
    assert_eq!(refused_fields(refused), ["code"]);
    let confirmed = world.app.confirm_token(&who, &world.code_now(&seed(1))).await.unwrap();
    assert_eq!((confirmed.session.next, confirmed.codes.len()), (Next::Enter, 10));
    assert!(matches!(place_of(&world, "T-1").await, Whereabouts::InUse { .. }));
    let again = world.app.verify(&granted(), alice.id, &world.code(&seed(1))).await.unwrap();
    assert_eq!(again, Verified::Told(Told::AlreadyUsed));
    let twice = world.app.confirm_token(&who, &world.code_now(&seed(1))).await;
    assert!(matches!(twice, Err(Refusal::State { .. } | Refusal::Changed)), "{twice:?}");
});

on_both!(someone_who_takes_an_app_instead_gives_the_token_back, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 1).await;
    let alice = world.user("alice", Some(7)).await;
    assign(&world.app, &alice, "T-1", FirstCode::Later).await.unwrap();
    world.enroll(&Enroller::on_the_way(&world.half("alice").await).unwrap()).await;
    assert_eq!(place_of(&world, "T-1").await, Whereabouts::Stock);
});

on_both!(another_token_takes_the_place_of_one_that_waits, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 2).await;
    let alice = world.user("alice", Some(7)).await;
    assign(&world.app, &alice, "T-1", FirstCode::Later).await.unwrap();
    let code = world.code_now(&seed(2));
    assign(&world.app, &alice, "T-2", FirstCode::Now(&code)).await.unwrap();
    assert_eq!(place_of(&world, "T-1").await, Whereabouts::Stock);
    assert!(matches!(place_of(&world, "T-2").await, Whereabouts::InUse { .. }));
});

on_both!(a_reset_and_a_deletion_put_the_token_back_in_stock, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 1).await;
    let alice = world.user("alice", Some(7)).await;
    let code = world.code_now(&seed(1));
    assign(&world.app, &alice, "T-1", FirstCode::Now(&code)).await.unwrap();
    world.app.reset_mfa(&granted(), alice.id, days(7), "lost").await.unwrap();
    assert_eq!(place_of(&world, "T-1").await, Whereabouts::Stock);
    let bob = world.user("bob", Some(7)).await;
    world.later(Span::seconds(60));
    let code = world.code_now(&seed(1));
    assign(&world.app, &bob, "T-1", FirstCode::Now(&code)).await.unwrap();
    world.app.delete_user(&granted(), bob.id).await.unwrap();
    assert_eq!(place_of(&world, "T-1").await, Whereabouts::Stock);
});

on_both!(only_stock_is_deleted_and_only_what_waits_is_taken_back, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 1).await;
    let alice = world.user("alice", Some(7)).await;
    let id = listed(&world, None).await[0].token.id;
    let refused = world.app.take_token_back(&granted(), id).await.unwrap_err();
    assert_eq!(state_code(refused), "token_in_stock");
    assign(&world.app, &alice, "T-1", FirstCode::Later).await.unwrap();
    assert_eq!(state_code(world.app.delete_token(&granted(), id).await.unwrap_err()), "token_waiting");
    world.app.take_token_back_from(&granted(), alice.id).await.unwrap();
    assert_eq!(place_of(&world, "T-1").await, Whereabouts::Stock);
    let none = world.app.take_token_back_from(&granted(), alice.id).await.unwrap_err();
    assert!(matches!(none, Refusal::NotFound(_)));
    let code = world.code_now(&seed(1));
    assign(&world.app, &alice, "T-1", FirstCode::Now(&code)).await.unwrap();
    assert_eq!(state_code(world.app.take_token_back(&granted(), id).await.unwrap_err()), "token_in_use");
    assert_eq!(state_code(world.app.delete_token(&granted(), id).await.unwrap_err()), "token_in_use");
    world.app.reset_mfa(&granted(), alice.id, days(7), "lost").await.unwrap();
    world.app.delete_token(&granted(), id).await.unwrap();
    assert!(listed(&world, None).await.is_empty());
});

on_both!(a_token_goes_to_nobody_who_has_a_factor_or_while_totp_is_off, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 1).await;
    let (alice, _) = world.enrolled("alice").await;
    let bob = world.user("bob", None).await;
    let refused = assign(&world.app, &alice, "T-1", FirstCode::Later).await.unwrap_err();
    assert_eq!(state_code(refused), "already_enrolled");
    world.app.disable_totp(&granted(), "Acme").await.unwrap();
    let refused = assign(&world.app, &bob, "T-1", FirstCode::Later).await.unwrap_err();
    assert_eq!(state_code(refused), "totp_disabled");
    world.app.switch_totp(&granted(), TotpSwitch::Enabled).await.unwrap();
    assert!(assign(&world.app, &bob, "T-1", FirstCode::Later).await.is_ok());
});

on_both!(of_two_who_give_one_token_away_one_wins, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    given_stock(&world, 1).await;
    let users = [world.user("alice", Some(7)).await, world.user("bob", Some(7)).await];
    let code = world.code_now(&seed(1));
    let racers: Vec<_> = users
        .into_iter()
        .zip([world.app.clone(), other])
        .map(|(user, app)| {
            let code = code.clone();
            tokio::spawn(async move { assign(&app, &user, "T-1", FirstCode::Now(&code)).await })
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => won += 1,
            Err(refusal) => assert_eq!(state_code(refusal), "token_taken"),
        }
    }
    assert_eq!(won, 1);
});

on_both!(of_two_tokens_for_one_user_one_wins, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    given_stock(&world, 2).await;
    let alice = world.user("alice", Some(7)).await;
    let racers: Vec<_> = [(world.app.clone(), 1), (other, 2)]
        .into_iter()
        .map(|(app, n)| {
            let (alice, code) = (alice.clone(), world.code_now(&seed(n)));
            let serial = format!("T-{n}");
            tokio::spawn(async move { assign(&app, &alice, &serial, FirstCode::Now(&code)).await })
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => won += 1,
            Err(refusal) => assert_eq!(state_code(refusal), "already_enrolled"),
        }
    }
    assert_eq!((won, listed(&world, Some(Held::Assigned)).await.len()), (1, 1));
});

on_both!(the_list_is_searched_filtered_and_paged_forth_and_back, async |database: &TestDatabase| {
    let world = World::new(database).await;
    given_stock(&world, 5).await;
    let alice = world.user("alice", Some(7)).await;
    assign(&world.app, &alice, "T-3", FirstCode::Later).await.unwrap();
    let search = async |text: &str| {
        let filter = TokenFilter { search: text.into(), ..TokenFilter::default() };
        world.app.count_tokens(&granted(), &filter).await.unwrap()
    };
    for (text, expected) in [("t-", 5), ("T-3", 1), ("alice@", 1), ("%", 0), ("' OR 1=1", 0)] {
        assert_eq!(search(text).await, expected, "{text}");
    }
    assert_eq!(
        (listed(&world, Some(Held::InStock)).await.len(), listed(&world, Some(Held::Assigned)).await.len()),
        (4, 1)
    );
    let load =
        async |page: Page| world.app.tokens(&granted(), &TokenFilter::default(), &page, 2).await.unwrap();
    let first = load(Page::First).await;
    assert_eq!((first.tokens.len(), first.has_newer, first.has_older), (2, false, true));
    let second = load(Page::After(token_cursor(&first.tokens[1].token))).await;
    let third = load(Page::After(token_cursor(&second.tokens[1].token))).await;
    assert_eq!((third.tokens.len(), third.has_newer, third.has_older), (1, true, false));
    let back = load(Page::Before(token_cursor(&third.tokens[0].token))).await;
    assert_eq!((back.tokens, back.has_newer, back.has_older), (second.tokens, true, true));
});
