use super::*;
use claviger_domain::{
    mfa::{Enrollment, Requirement},
    status::Status,
    time::Span,
};
use claviger_store::table::user_list::{self, Filter, Listing, Order, Page, RequirementFilter, Sort};
use claviger_testing::{TestDatabase, on_both};

fn people() -> Vec<Account> {
    let requirements = [
        Requirement::NotRequired,
        Requirement::AtOnce,
        Requirement::By(NOW.plus(Span::days(1))),
        Requirement::By(NOW),
        Requirement::Paused(Span::days(2)),
    ];
    let names = ["bob", "Carol", "älice", "dave", "zoe"];
    let mut all = Vec::new();
    for (requirement, name) in requirements.into_iter().zip(names) {
        for enrolled in [false, true] {
            let mut account = user(&format!("u{}", all.len()));
            account.name.display = format!("{name} {}", all.len());
            account.mfa.requirement = requirement;
            if enrolled {
                account.mfa.enrollment = Enrollment::Enrolled(FactorId::new(NOW, [all.len() as u8; 10]));
            }
            account.created_at = NOW.plus(Span::seconds(all.len() as i64));
            all.push(account);
        }
    }
    all
}

async fn given_people(store: &Store) -> Vec<Account> {
    let all = people();
    committed(store, Batch::of(all.iter().map(|account| table::account::insert(ORG, account)))).await;
    all
}

async fn count(store: &Store, filter: &Filter) -> i64 {
    let shares = user_list::by_status(store, ORG, filter, NOW).await.unwrap();
    shares.iter().map(|(_, count)| count).sum()
}

on_both!(counts_by_status_tell_what_the_filters_find, async |database: &TestDatabase| {
    let store = database.open().await;
    given_people(&store).await;
    let everybody = user_list::by_status(&store, ORG, &Filter::default(), NOW).await.unwrap();
    let statuses = Status::KEYS.into_iter().chain(["inactive", "enrolled"]).map(Some).chain([None]);
    for status in statuses {
        for requirement in [None, Some(RequirementFilter::Required), Some(RequirementFilter::NotRequired)] {
            let filter = Filter { status: status.map(str::to_owned), requirement, ..Filter::default() };
            let known = everybody.iter().filter(|(key, _)| filter.has_status(key));
            let known: i64 = known.map(|(_, count)| count).sum();
            assert_eq!(known, count(&store, &filter).await, "{filter:?}");
        }
    }
});

on_both!(every_status_filters_as_the_domain_says, async |database: &TestDatabase| {
    let store = database.open().await;
    let all = given_people(&store).await;
    let counts: std::collections::HashMap<String, i64> =
        user_list::by_status(&store, ORG, &Filter::default(), NOW).await.unwrap().into_iter().collect();
    for key in Status::KEYS {
        let expected = all.iter().filter(|account| account.mfa.status(NOW).key() == key).count() as i64;
        let filter = Filter { status: Some(key.into()), ..Filter::default() };
        assert_eq!(count(&store, &filter).await, expected, "{key}");
        assert_eq!(counts.get(key).copied().unwrap_or(0), expected, "{key}");
    }
    let inactive = Filter {
        status: Some("inactive".into()),
        requirement: Some(RequirementFilter::Required),
        ..Filter::default()
    };
    assert_eq!(count(&store, &inactive).await, 4);
});

on_both!(pages_in_every_order_show_everyone_once_forth_and_back, async |database: &TestDatabase| {
    let store = database.open().await;
    let all = given_people(&store).await;
    for sort in [Sort::Name, Sort::Email, Sort::Created, Sort::Deadline] {
        for order in [Order::Ascending, Order::Descending] {
            let load = async |page: &Page| {
                user_list::page(
                    &store,
                    ORG,
                    &Listing { filter: Filter::default(), sort, order, page: page.clone(), limit: 3 },
                    NOW,
                )
                .await
                .unwrap()
            };
            let mut pages = vec![load(&Page::First).await];
            while let Some(last) = pages.last().unwrap().last() {
                let next = load(&Page::After(user_list::cursor(last, sort))).await;
                pages.push(next);
            }
            let mut seen: Vec<_> = pages.iter().flatten().map(|account| account.id).collect();
            let back = load(&Page::Before(user_list::cursor(&pages[1][0], sort))).await;
            assert_eq!(back, pages[0], "{sort:?} {order:?}");
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), all.len(), "{sort:?} {order:?}");
        }
    }
});

on_both!(a_search_finds_parts_of_names_and_takes_signs_literally, async |database: &TestDatabase| {
    let store = database.open().await;
    given_people(&store).await;
    for (search, expected) in [
        ("ÄLICE", 2),
        ("carol", 2),
        ("@example", 10),
        ("u1", 1),
        ("%", 0),
        ("_", 0),
        (r"\", 0),
        ("' OR 1=1", 0),
    ] {
        let filter = Filter { search: search.into(), ..Filter::default() };
        assert_eq!(count(&store, &filter).await, expected, "{search}");
    }
});

on_both!(periods_that_end_are_found_in_their_time_only, async |database: &TestDatabase| {
    let store = database.open().await;
    given_people(&store).await;
    let ending = table::account::periods_ending(&store, ORG, NOW, NOW.plus(Span::days(1)), 10).await.unwrap();
    assert_eq!(ending.len(), 1);
    assert!(
        table::account::periods_ending(&store, ORG, NOW, NOW.plus(Span::hours(23)), 10)
            .await
            .unwrap()
            .is_empty()
    );
});
