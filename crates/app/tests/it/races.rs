//! Many at once, on eight nodes.

use crate::*;
use claviger_app::{
    Refusal,
    verify::{Told, Verified},
};
use claviger_domain::{time::Span, totp::Code};
use claviger_testing::{TestDatabase, on_both};

const NODES: usize = 8;

async fn nodes(world: &World, database: &TestDatabase) -> Vec<claviger_app::App> {
    let mut nodes = vec![world.app.clone()];
    while nodes.len() < NODES {
        nodes.push(world.another_node(database).await);
    }
    nodes
}

/// Submits `code` `times` times, spread over the nodes, all at once.
async fn submit(
    nodes: &[claviger_app::App],
    user: claviger_domain::id::AccountId,
    codes: Vec<Code>,
) -> Vec<Told> {
    let racers: Vec<_> = codes
        .into_iter()
        .zip(nodes.iter().cycle())
        .map(|(code, node)| {
            let node = node.clone();
            tokio::spawn(async move {
                loop {
                    match node.verify(&granted(), user, &code).await {
                        Ok(Verified::Told(told)) => return told,
                        Err(Refusal::Problem(_)) => tokio::task::yield_now().await,
                        other => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    let mut told = Vec::new();
    for racer in racers {
        told.push(racer.await.unwrap());
    }
    told
}

on_both!(a_valid_code_submitted_a_thousand_times_is_accepted_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let nodes = nodes(&world, database).await;
    for _ in 0..3 {
        world.later(Span::seconds(60));
        let told = submit(&nodes, alice.id, vec![world.code(&secret); 1000]).await;
        assert_eq!(told.iter().filter(|told| **told == Told::Accepted).count(), 1);
        assert_eq!(told.iter().filter(|told| **told == Told::AlreadyUsed).count(), 999);
    }
});

on_both!(a_thousand_guesses_at_once_reveal_no_more_than_ten, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let nodes = nodes(&world, database).await;
    let right = world.code(&secret);
    let guesses: Vec<Code> = (0..1000)
        .map(|n| Code::parse("code", &format!("{n:06}")).unwrap())
        .filter(|guess| *guess != right)
        .collect();
    let told = submit(&nodes, alice.id, guesses).await;
    let judged = told.iter().filter(|told| matches!(told, Told::Wrong)).count();
    let unseen = told.iter().filter(|told| matches!(told, Told::Locked { until: Some(_) })).count();
    assert_eq!((judged, judged + unseen), (10, told.len()));
    assert!(matches!(submit(&nodes, alice.id, vec![right]).await[..], [Told::Locked { .. }]));
});

on_both!(of_two_set_up_wizards_at_once_one_wins, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    let link = world.app.setup_link().await.unwrap().unwrap();
    let racers: Vec<_> = (0..8)
        .map(|n| {
            let (app, token) = (world.app.clone(), token_of(&link).to_owned());
            tokio::spawn(async move {
                let form =
                    claviger_app::set_up::SetUpForm { email: format!("a{n}@acme.test"), ..set_up_form() };
                app.set_up(&token, &form, &origin()).await.is_ok()
            })
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        won += usize::from(racer.await.unwrap());
    }
    assert_eq!(won, 1);
    assert!(world.app.setup_link().await.unwrap().is_none());
});

on_both!(one_name_is_given_to_one_user_however_many_ask_for_it, async |database: &TestDatabase| {
    use claviger_app::{demand::Demand, users::Activation};
    let world = World::new(database).await;
    let racers: Vec<_> = (0..16)
        .map(|_| {
            let app = world.app.clone();
            tokio::spawn(async move {
                app.create_user(&granted(), &person("alice"), &Demand::NotRequired, Activation::Now).await
            })
        })
        .collect();
    let mut made = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => made += 1,
            Err(refusal) => assert!(refused_fields(refusal).contains(&"username")),
        }
    }
    assert_eq!(made, 1);
});
