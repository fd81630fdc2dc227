//! The store on both databases.
#![expect(clippy::unwrap_used, reason = "tests")]

mod applications;
mod commit;
mod consume;
mod device_admin;
mod devices;
mod list;
mod oidc;
mod orders;
mod saml;
mod schema;
mod tables;

use claviger_domain::{
    account::{Account, Email, Kind, Password, PersonName, State, Username},
    factor::Factor,
    id::{AccountId, FactorId, OrganizationId},
    lockout::Failures,
    mfa::Mfa,
    organization::Settings,
    time::Timestamp,
    totp::{Drift, Step},
};
use claviger_store::{Batch, Commit, Store, table};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ORG: OrganizationId = OrganizationId(uuid::Uuid::from_u128(7));

async fn given_an_organization(store: &Store) {
    let settings = Settings::new("Acme".into()).unwrap();
    committed(store, Batch::of(table::organization::insert_blank(ORG, &settings, vec![1]))).await;
}

async fn committed(store: &Store, batch: Batch) {
    assert_eq!(store.commit(batch).await.unwrap(), Commit::Committed);
}

fn user(name: &str) -> Account {
    let mut entropy = [0; 10];
    for (to, from) in entropy.iter_mut().skip(3).zip(name.bytes()) {
        *to = from;
    }
    Account {
        id: AccountId::new(NOW, entropy),
        revision: 1,
        kind: Kind::User { username: Username::parse("username", name).unwrap() },
        email: Email::parse("email", &format!("{name}@example.com")).unwrap(),
        name: PersonName::default(),
        state: State::Activated,
        password: Password::Pending,
        mfa: Mfa::NONE,
        created_at: NOW,
        last_sign_in_at: None,
    }
}

fn factor(account: &Account) -> Factor {
    Factor {
        id: FactorId::new(NOW, [9; 10]),
        account: account.id,
        revision: 1,
        last_step: Step(10),
        drift: Drift::default(),
        failures: Failures::default(),
        confirmed_at: NOW,
        last_used_at: NOW,
    }
}
