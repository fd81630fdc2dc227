//! Applications and who has them (S10).

use super::*;
use claviger_domain::{
    application::{
        Access, Application, FreshCode, Name, Protocol, Tile,
        address::Address,
        oidc,
        saml::{self, Attribute, Consumer, EntityId},
    },
    group::{Group, GroupName, Rule},
    id::{ApplicationId, GroupId},
    time::Span,
};
use claviger_store::table::application;
use claviger_testing::{TestDatabase, on_both};

fn wiki() -> Application {
    let address = |text| Address::parse("address", text).unwrap();
    Application {
        id: ApplicationId::new(NOW, [1; 10]),
        revision: 1,
        name: Name::parse("name", "Wiki").unwrap(),
        description: "What we know".into(),
        access: Access::Enabled,
        tile: Tile::Shown,
        fresh_code: FreshCode::OlderThan(Span::minutes(15)),
        protocol: Protocol::Saml(saml::Settings {
            entity_id: EntityId::parse("entity_id", "urn:wiki").unwrap(),
            consumers: vec![Consumer { address: address("https://wiki.example/acs"), index: 7 }],
            log_out: Some(saml::LogOut {
                address: address("https://wiki.example/slo"),
                binding: saml::Binding::Redirect,
            }),
            requests: saml::Requests::MustBeSigned,
            certificates: vec![vec![0x30, 0x82, 0, 255]],
            signed: saml::Signed::Both,
            name_id: saml::NameId::Persistent,
            attributes: vec![
                Attribute::parse("mail", "email", "").unwrap(),
                Attribute::parse("groups", "groups", "").unwrap(),
                Attribute::parse("realm", "constant", "</saml:AttributeValue>").unwrap(),
            ],
            relay_state: "/start".into(),
        }),
        created_at: NOW,
    }
}

fn chat() -> Application {
    Application {
        id: ApplicationId::new(NOW, [2; 10]),
        name: Name::parse("name", "Chat").unwrap(),
        fresh_code: FreshCode::NotAsked,
        protocol: Protocol::Oidc(oidc::Settings {
            client: oidc::Client::Confidential,
            redirects: oidc::addresses("redirects", "https://chat.example/cb").unwrap(),
            after_log_out: Vec::new(),
            scopes: oidc::Scope::ALL.to_vec(),
            refresh: oidc::Refresh::Rotating,
            claims: Vec::new(),
            signed: oidc::Algorithm::Es256,
            start: None,
        }),
        ..wiki()
    }
}

fn group(name: &str, number: u8) -> Group {
    Group {
        id: GroupId::new(NOW, [number; 10]),
        revision: 1,
        name: GroupName::parse("name", name).unwrap(),
        description: String::new(),
        rule: Rule::None,
        next_wave_at: None,
        created_at: NOW,
    }
}

on_both!(an_application_is_read_as_it_was_written, async |database: &TestDatabase| {
    let store = database.open().await;
    committed(&store, Batch::of([wiki(), chat()].iter().map(|one| application::insert(ORG, one)))).await;
    let load = async |id| application::load(&store, ORG, id).await.unwrap();
    assert_eq!([load(wiki().id).await, load(chat().id).await], [Some(wiki()), Some(chat())]);
    let names: Vec<_> = application::list(&store, ORG).await.unwrap();
    assert_eq!(names.iter().map(|one| one.application.name.as_str()).collect::<Vec<_>>(), ["Chat", "Wiki"]);
    let by_entity = async |id| application::by_entity_id(&store, ORG, id).await.unwrap();
    assert_eq!((by_entity("urn:wiki").await, by_entity("URN:wiki").await), (Some(wiki()), None));

    let renamed =
        Application { access: Access::Disabled, name: Name::parse("name", "Lore").unwrap(), ..wiki() };
    committed(&store, Batch::of([application::save(ORG, &renamed)])).await;
    assert_eq!(load(wiki().id).await, Some(Application { revision: 2, ..renamed.clone() }));
    for stale in [
        Batch::of([application::save(ORG, &renamed)]),
        Batch::of(application::delete(ORG, &renamed)),
        Batch::of([application::insert(
            ORG,
            &Application { id: ApplicationId::new(NOW, [3; 10]), ..chat() },
        )]),
    ] {
        assert_eq!(store.commit(stale).await.unwrap(), Commit::Conflict);
    }
});

on_both!(an_application_is_the_users_whose_group_has_it, async |database: &TestDatabase| {
    let store = database.open().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let (staff, night) = (group("Staff", 1), group("Night shift", 2));
    let people = [&alice, &bob].map(|person| table::account::insert(ORG, person));
    let groups = [&staff, &night].map(|group| table::group::insert(ORG, group));
    let apps = [wiki(), chat()].map(|one| application::insert(ORG, &one));
    committed(&store, Batch::of(people).and(groups).and(apps)).await;
    let joined = [(&staff, &alice), (&night, &alice), (&night, &bob)];
    let joined = joined.map(|(group, person)| table::group::join(ORG, group.id, person.id, NOW));
    let assigned = [(wiki(), &staff), (wiki(), &night), (wiki(), &night), (chat(), &staff)];
    let assigned = assigned.map(|(one, group)| application::assign(ORG, one.id, group.id));
    committed(&store, Batch::of(joined).and(assigned)).await;

    let of = async |person: &Account| {
        let found = application::of_user(&store, ORG, person.id).await.unwrap();
        found.iter().map(|one| one.name.as_str().to_owned()).collect::<Vec<_>>()
    };
    let through = async |person: &Account, one: Application| {
        application::groups_of_user(&store, ORG, one.id, person.id).await.unwrap()
    };
    assert_eq!(
        (of(&alice).await, of(&bob).await),
        (vec!["Chat".into(), "Wiki".into()], vec!["Wiki".to_owned()])
    );
    assert_eq!(through(&alice, wiki()).await, ["Night shift", "Staff"]);
    assert_eq!(through(&bob, wiki()).await, ["Night shift"]);
    assert!(through(&bob, chat()).await.is_empty());
    let of_wiki = application::groups(&store, ORG, wiki().id).await.unwrap();
    assert_eq!(
        of_wiki.iter().map(|one| (one.name.as_str(), one.members)).collect::<Vec<_>>(),
        [("Night shift", 2), ("Staff", 1)]
    );

    committed(&store, Batch::of([application::unassign(ORG, wiki().id, staff.id)])).await;
    assert_eq!(through(&alice, wiki()).await, ["Night shift"]);
    committed(&store, Batch::of(table::group::delete(ORG, &night))).await;
    assert!(of(&bob).await.is_empty());
    committed(&store, Batch::of(application::delete(ORG, &chat()))).await;
    assert!(of(&alice).await.is_empty());
});
