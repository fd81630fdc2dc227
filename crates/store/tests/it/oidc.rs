//! Grants with their codes and tokens, keys, and secrets of applications (S10.1).

use super::*;
use claviger_domain::{
    application::{
        Access, Application, FreshCode, Name, Protocol, Tile,
        oidc::{
            Algorithm, Client, Refresh as Refreshes, Scope, Settings,
            grant::{Code, Use},
        },
        release::{By, Context},
    },
    id::{ApplicationId, OidcGrantId, OidcKeyId, SessionId},
    time::Span,
};
use claviger_store::table::{
    self, application_secret,
    oidc::{self, Grant, Kind},
    oidc_key::{self, OidcKey},
};
use claviger_testing::{TestDatabase, on_both};

fn grant(number: u8) -> Grant {
    Grant {
        id: OidcGrantId::new(NOW, [number; 10]),
        account: AccountId::new(NOW, [1; 10]),
        session: SessionId::new(NOW, [2; 10]),
        code: Code {
            application: ApplicationId::new(NOW, [3; 10]),
            redirect: "https://app.example/cb".into(),
            challenge: "x".repeat(43),
            until: NOW.plus(Span::seconds(60)),
            used: Use::Fresh,
        },
        nonce: (number == 1).then(|| "n".into()),
        scopes: vec![Scope::Openid, Scope::Email],
        context: Context { by: By::PasswordAndCode, at: NOW },
        class: "urn:x".into(),
        asked_at: NOW,
        expires_at: NOW.plus(Span::hours(12)),
    }
}

async fn conflicts(store: &Store, batch: Batch) {
    assert_eq!(store.commit(batch).await.unwrap(), Commit::Conflict);
}

on_both!(a_grant_is_read_as_it_was_written_and_redeemed_once, async |database: &TestDatabase| {
    let store = database.open().await;
    for number in [1, 2] {
        let insert = oidc::insert(ORG, &grant(number), [number; 32]);
        committed(&store, Batch::of([insert])).await;
        let read = oidc::by_code(&store, ORG, [number; 32]).await.unwrap();
        assert_eq!(read, Some(grant(number)));
    }
    conflicts(&store, Batch::of([oidc::insert(ORG, &grant(3), [1; 32])])).await;
    assert_eq!(oidc::by_code(&store, ORG, [9; 32]).await.unwrap(), None);

    let racers = (0..8).map(|_| store.commit(Batch::of([oidc::redeem(ORG, grant(1).id, NOW)])));
    let outcomes = futures_util::future::join_all(racers).await;
    let won = outcomes.into_iter().filter(|one| *one.as_ref().unwrap() == Commit::Committed).count();
    assert_eq!(won, 1);
    let read = oidc::by_code(&store, ORG, [1; 32]).await.unwrap().unwrap();
    assert_eq!(read.code.used, Use::Used);
});

on_both!(a_refresh_token_has_one_turn_and_ends_with_its_grant, async |database: &TestDatabase| {
    let store = database.open().await;
    let until = NOW.plus(Span::hours(1));
    let token = |kind, number: u8| oidc::add_token(ORG, grant(1).id, (kind, [number; 32], until));
    let first = [
        oidc::insert(ORG, &grant(1), [1; 32]),
        token(Kind::Access, 4),
        token(Kind::Refresh, 5),
        oidc::stands(ORG, grant(1).id),
    ];
    committed(&store, Batch::of(first)).await;
    assert!(oidc::token(&store, ORG, (Kind::Refresh, [4; 32])).await.unwrap().is_none(), "of the other kind");
    let racers = (0..8).map(|_| store.commit(Batch::of([oidc::use_refresh(ORG, [5; 32], NOW)])));
    let outcomes = futures_util::future::join_all(racers).await;
    let won = outcomes.into_iter().filter(|one| *one.as_ref().unwrap() == Commit::Committed).count();
    assert_eq!(won, 1);
    let held = oidc::token(&store, ORG, (Kind::Refresh, [5; 32])).await.unwrap().unwrap();
    assert_eq!((held.token.used, held.token.until, held.grant), (Use::Used, until, grant(1)));
    committed(&store, Batch::of(oidc::end(ORG, grant(1).id))).await;
    assert!(oidc::token(&store, ORG, (Kind::Access, [4; 32])).await.unwrap().is_none());
    conflicts(&store, Batch::of([oidc::stands(ORG, grant(1).id)])).await;
});

on_both!(
    grants_without_a_session_and_tokens_without_a_grant_are_forgotten,
    async |database: &TestDatabase| {
        let store = database.open().await;
        let until = NOW.plus(Span::hours(1));
        let first = [
            oidc::insert(ORG, &grant(1), [1; 32]),
            oidc::add_token(ORG, grant(1).id, (Kind::Access, [4; 32], until)),
            oidc::add_token(ORG, grant(2).id, (Kind::Access, [5; 32], until)),
        ];
        committed(&store, Batch::of(first)).await;
        committed(&store, Batch::of(oidc::forget(ORG, NOW))).await;
        for sql in ["SELECT count(*) FROM oidc_grant", "SELECT count(*) FROM oidc_token"] {
            let kept: Vec<i64> = store.query(sql, Vec::new()).await.unwrap();
            assert_eq!(kept, [0], "{sql}");
        }
    }
);

on_both!(a_key_has_its_turn_once, async |database: &TestDatabase| {
    let store = database.open().await;
    let key = |number: u8, algorithm, turn| OidcKey {
        id: OidcKeyId::new(NOW, [number; 10]),
        algorithm,
        turn,
        public_key: vec![number, 0],
        secret: vec![0, number],
        created_at: NOW,
        signs_from: NOW.plus(Span::days(turn)),
    };
    let insert = |number, algorithm, turn| oidc_key::insert(ORG, &key(number, algorithm, turn));
    let (rsa, p256) = (Algorithm::Rs256, Algorithm::Es256);
    committed(&store, Batch::of([insert(1, rsa, 1), insert(2, p256, 1), insert(3, rsa, 2)])).await;
    conflicts(&store, Batch::of([insert(4, rsa, 2)])).await;
    let kept = oidc_key::all(&store, ORG).await.unwrap();
    let turns: Vec<_> = kept.iter().map(|key| (key.algorithm, key.turn)).collect();
    assert_eq!(turns, [(p256, 1), (rsa, 1), (rsa, 2)]);
    assert_eq!((kept[0].public_key.clone(), kept[0].secret.clone()), (vec![2, 0], vec![0, 2]));
    committed(&store, Batch::of([oidc_key::remove(ORG, kept[0].id)])).await;
    assert_eq!(oidc_key::all(&store, ORG).await.unwrap().len(), 2);
});

on_both!(a_secret_makes_way_for_the_next, async |database: &TestDatabase| {
    let store = database.open().await;
    let application = Application {
        id: ApplicationId::new(NOW, [3; 10]),
        revision: 1,
        name: Name::parse("name", "Wiki").unwrap(),
        description: String::new(),
        access: Access::Enabled,
        tile: Tile::Shown,
        fresh_code: FreshCode::NotAsked,
        protocol: Protocol::Oidc(Settings {
            client: Client::Confidential,
            redirects: Vec::new(),
            after_log_out: Vec::new(),
            scopes: vec![Scope::Openid],
            refresh: Refreshes::Rotating,
            claims: Vec::new(),
            signed: Algorithm::Es256,
            start: None,
        }),
        created_at: NOW,
    };
    let id = application.id;
    committed(&store, Batch::of([table::application::insert(ORG, &application)])).await;
    let read = table::application::load(&store, ORG, id).await.unwrap();
    assert_eq!(read.as_ref(), Some(&application));
    assert_eq!(
        application_secret::of(&store, ORG, id).await.unwrap(),
        application_secret::Secrets::default()
    );
    committed(&store, Batch::of([application_secret::first(ORG, id, ([1; 32], NOW))])).await;
    let later = NOW.plus(Span::hours(1));
    let replace = || application_secret::replace(ORG, &application, ([2; 32], later, later));
    committed(&store, Batch::of([replace()])).await;
    conflicts(&store, Batch::of([replace()])).await;
    let kept = application_secret::of(&store, ORG, id).await.unwrap();
    assert_eq!((kept.current, kept.old), (Some(([2; 32], later)), Some(([1; 32], later))));
    committed(&store, Batch::of([application_secret::forget(ORG, id)])).await;
    assert_eq!(
        application_secret::of(&store, ORG, id).await.unwrap(),
        application_secret::Secrets::default()
    );
});
