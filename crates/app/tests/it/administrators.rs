//! Administrators (S6.1–S6.7).

use crate::*;
use claviger_app::{
    App, Refusal,
    administrators::{AdministratorForm, Invited},
    demand::Ticked,
    enrollment::Enroller,
    session::{NewSession, Visit},
    stored::{AdministratorListing, Purpose, user_list::Page},
};
use claviger_domain::{
    account::{Account, Kind, Realm, State},
    administrator::Demanded,
    home::{Display, Widget},
    id::AccountId,
    mfa::{Enrollment, Requirement},
    permission::{Actor, Granted, Needs, Role, Who},
    sign_in::{Next, Proven},
};
use claviger_testing::{TestDatabase, on_both};

const ADA: &str = "ada@acme.test";
const GRACE: &str = "grace@acme.test";

async fn made(world: &World, email: &str, role: Role, mfa: Ticked) -> Invited {
    world.app.create_administrator(&granted(), &administrator_form(email, role), mfa).await.unwrap()
}

/// An administrator who has chosen a password, and where that led.
async fn with_password(world: &World, email: &str, role: Role, mfa: Ticked) -> (Account, NewSession) {
    let Invited { account, link } = made(world, email, role, mfa).await;
    let found = world.app.password_link(Realm::Administrator, Purpose::Registration, token_of(&link)).await;
    let session = world.app.set_password(&found.unwrap(), PASSWORD, &origin()).await.unwrap();
    (load(&world.app, account.id).await, session)
}

async fn enrolled(world: &World, email: &str, role: Role, mfa: Ticked) -> (Account, NewSession) {
    let (account, session) = with_password(world, email, role, mfa).await;
    let who = match world.visit(&session).await {
        Visit::Half(half) => Enroller::on_the_way(&half).unwrap(),
        other => panic!("{other:?}"),
    };
    let (inside, _) = world.enroll(&who).await;
    (load(&world.app, account.id).await, inside)
}

async fn load(app: &App, id: AccountId) -> Account {
    app.administrator(&granted(), id).await.unwrap().account
}

async fn first(world: &World) -> Account {
    world.app.find_account(Realm::Administrator, ADA).await.unwrap().unwrap()
}

fn role(account: &Account) -> Role {
    match account.kind {
        Kind::Administrator { role } => role,
        Kind::User { .. } => panic!("{account:?}"),
    }
}

/// The administrator in the portal, a moment after a code.
fn acting<P: Needs>(world: &World, account: &Account) -> Granted<P> {
    let who = Who::Administrator {
        id: account.id,
        role: role(account),
        proven: Proven::Code,
        proven_at: world.app.now(),
    };
    Actor { who, name: account.email.to_string(), address: String::new() }.granted().unwrap()
}

fn code_of<T>(result: Result<T, Refusal>) -> &'static str {
    match result {
        Err(Refusal::State { code, .. }) => code,
        Err(other) => panic!("{other}"),
        Ok(_) => "done",
    }
}

async fn required_of_all(world: &World) -> bool {
    world.app.count_administrators_without_mfa(&granted()).await.unwrap() == 0
}

async fn with_billing(world: &World) -> usize {
    let listing = AdministratorListing { requirement: None, page: Page::First, limit: 50 };
    let all = world.app.administrators(&granted(), &listing).await.unwrap().administrators;
    all.iter()
        .filter(|account| account.state == State::Activated)
        .filter(|account| role(account) == Role::AdministratorWithBilling)
        .count()
}

on_both!(a_new_administrator_is_led_from_the_mail_to_the_wizard, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let Invited { account, link } = made(&world, GRACE, Role::Manager, Ticked::Yes).await;
    assert_eq!(account.mfa.requirement, Requirement::AtOnce);
    assert_eq!(world.subjects(GRACE).await, ["administrator_invited"]);
    world.app.invite_administrator_again(&granted(), account.id).await.unwrap();
    assert_eq!(world.subjects(GRACE).await.len(), 2);
    let old = world.app.password_link(Realm::Administrator, Purpose::Registration, token_of(&link)).await;
    assert!(matches!(old.unwrap_err(), Refusal::NotFound("link")));
    let (heidi, session) = with_password(&world, "heidi@acme.test", Role::ReadOnly, Ticked::Yes).await;
    assert_eq!(session.next, Next::MustEnroll);
    let again = world.app.invite_administrator_again(&granted(), heidi.id).await;
    assert_eq!(code_of(again), "not_pending");
    let (_, session) = with_password(&world, "ivan@acme.test", Role::ReadOnly, Ticked::No).await;
    assert_eq!(session.next, Next::Enter);
});

on_both!(what_is_typed_wrong_is_told_and_makes_nobody, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let wrong = AdministratorForm { email: "nobody".into(), role: "king".into(), ..Default::default() };
    let refused = world.app.create_administrator(&granted(), &wrong, Ticked::Yes).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["email", "role"]);
    let taken = administrator_form("ADA@acme.test", Role::Manager);
    let refused = world.app.create_administrator(&granted(), &taken, Ticked::Yes).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["email"]);
    let grace = made(&world, GRACE, Role::Manager, Ticked::Yes).await.account;
    let edit = world.app.edit_administrator(&granted(), grace.id, &taken, None).await.unwrap_err();
    assert_eq!(refused_fields(edit), ["email"]);
    let fine = administrator_form(GRACE, Role::HelpDesk);
    world.app.edit_administrator(&granted(), grace.id, &fine, Some(grace.revision)).await.unwrap();
    let late = world.app.edit_administrator(&granted(), grace.id, &fine, Some(grace.revision)).await;
    assert!(matches!(late.unwrap_err(), Refusal::Changed));
});

on_both!(a_link_to_another_address_is_dead_after_an_edit, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let Invited { account, link } = made(&world, GRACE, Role::Manager, Ticked::Yes).await;
    let moved = administrator_form("grace.h@acme.test", Role::Manager);
    world.app.edit_administrator(&granted(), account.id, &moved, None).await.unwrap();
    let old = world.app.password_link(Realm::Administrator, Purpose::Registration, token_of(&link)).await;
    assert!(matches!(old.unwrap_err(), Refusal::NotFound("link")));
    assert_eq!(world.subjects("grace.h@acme.test").await, ["administrator_invited"]);
});

on_both!(an_administrator_leaves_those_with_billing_alone, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (ada, billing) = (first(&world).await, Role::AdministratorWithBilling);
    let grace = made(&world, GRACE, Role::Administrator, Ticked::Yes).await.account;
    let app = &world.app;
    let form = administrator_form(ADA, billing);
    for code in [
        code_of(app.edit_administrator(&acting(&world, &grace), ada.id, &form, None).await),
        code_of(app.suspend_administrator(&acting(&world, &grace), ada.id).await),
        code_of(app.delete_administrator(&acting(&world, &grace), ada.id).await),
        code_of(app.require_administrator_mfa(&acting(&world, &grace), ada.id).await),
        code_of(app.release_administrator_mfa(&acting(&world, &grace), ada.id).await),
        code_of(app.invite_administrator_again(&acting(&world, &grace), ada.id).await),
    ] {
        assert_eq!(code, "beyond_reach");
    }
    for form in [administrator_form("heidi@acme.test", billing), administrator_form(GRACE, billing)] {
        let made = app.create_administrator(&acting(&world, &grace), &form, Ticked::Yes).await;
        assert_eq!(refused_fields(made.unwrap_err()), ["role"]);
    }
    let raised = administrator_form(GRACE, billing);
    let raised = app.edit_administrator(&acting(&world, &grace), grace.id, &raised, None).await;
    assert_eq!(refused_fields(raised.unwrap_err()), ["role"]);
    assert_eq!(load(app, ada.id).await, ada);
    let heidi = administrator_form("heidi@acme.test", Role::BillingOnly);
    assert!(app.create_administrator(&acting(&world, &grace), &heidi, Ticked::Yes).await.is_ok());
});

on_both!(a_key_reaches_no_further_than_its_administrator_now, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let billing = Role::AdministratorWithBilling;
    let ada = first(&world).await;
    let grace = made(&world, GRACE, billing, Ticked::Yes).await.account;
    let key = || {
        let who = Who::ApiKey { owner: grace.id, role: billing };
        Actor { who, name: "key".into(), address: String::new() }.granted().unwrap()
    };
    world.app.require_administrator_mfa(&key(), ada.id).await.unwrap();
    let lowered = administrator_form(GRACE, Role::Administrator);
    world.app.edit_administrator(&granted(), grace.id, &lowered, None).await.unwrap();
    assert_eq!(code_of(world.app.require_administrator_mfa(&key(), ada.id).await), "beyond_reach");
    world.app.suspend_administrator(&granted(), grace.id).await.unwrap();
    let heidi = administrator_form("heidi@acme.test", Role::ReadOnly);
    let made = world.app.create_administrator(&key(), &heidi, Ticked::Yes).await;
    assert_eq!(refused_fields(made.unwrap_err()), ["role"]);
});

on_both!(of_the_last_two_with_billing_one_stays_whoever_is_first, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other_node = world.another_node(database).await;
    let ada = first(&world).await;
    let grace = made(&world, GRACE, Role::AdministratorWithBilling, Ticked::Yes).await.account;
    for round in 0..6 {
        let demoted = administrator_form(GRACE, Role::Manager);
        let (granted_here, granted_there) = (granted(), granted());
        let (one, two) = tokio::join!(
            world.app.suspend_administrator(&granted_here, ada.id),
            other_node.edit_administrator(&granted_there, grace.id, &demoted, None),
        );
        assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1, "round {round}: {one:?} {two:?}");
        let refused = one.err().or(two.err()).unwrap();
        assert_eq!(code_of::<()>(Err(refused)), "last_administrator_with_billing");
        assert_eq!(with_billing(&world).await, 1);
        let _ = world.app.activate_administrator(&granted(), ada.id).await;
        let raised = administrator_form(GRACE, Role::AdministratorWithBilling);
        world.app.edit_administrator(&granted(), grace.id, &raised, None).await.unwrap();
        assert_eq!(with_billing(&world).await, 2);
    }
});

on_both!(nobody_bars_or_deletes_themselves_or_the_last_with_billing, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = first(&world).await;
    let last = "last_administrator_with_billing";
    assert_eq!(code_of(world.app.delete_administrator(&granted(), ada.id).await), last);
    assert_eq!(code_of(world.app.suspend_administrator(&granted(), ada.id).await), last);
    let demoted = administrator_form(ADA, Role::Administrator);
    let edit = world.app.edit_administrator(&acting(&world, &ada), ada.id, &demoted, None).await;
    assert_eq!(code_of(edit), last);
    let grace = made(&world, GRACE, Role::AdministratorWithBilling, Ticked::Yes).await.account;
    for code in [
        code_of(world.app.suspend_administrator(&acting(&world, &grace), grace.id).await),
        code_of(world.app.delete_administrator(&acting(&world, &grace), grace.id).await),
    ] {
        assert_eq!(code, "own_account");
    }
    world.app.delete_administrator(&acting(&world, &grace), ada.id).await.unwrap();
    assert!(world.app.find_account(Realm::Administrator, ADA).await.unwrap().is_none());
});

on_both!(a_suspension_and_a_new_role_hold_in_open_sessions, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (grace, session) = with_password(&world, GRACE, Role::Manager, Ticked::No).await;
    let in_session = async || match world.signed_in(&session).await.actor.who {
        Who::Administrator { role, .. } => role,
        other => panic!("{other:?}"),
    };
    assert_eq!(in_session().await, Role::Manager);
    let form = administrator_form(GRACE, Role::ReadOnly);
    world.app.edit_administrator(&granted(), grace.id, &form, None).await.unwrap();
    assert_eq!(in_session().await, Role::ReadOnly);
    world.app.require_administrator_mfa(&granted(), grace.id).await.unwrap();
    let Visit::Half(half) = world.visit(&session).await else { panic!() };
    assert_eq!(half.next, Next::MustEnroll);
    world.app.suspend_administrator(&granted(), grace.id).await.unwrap();
    assert!(matches!(world.visit(&session).await, Visit::Stranger));
    assert_eq!(code_of(world.app.suspend_administrator(&granted(), grace.id).await), "not_activated");
    world.app.activate_administrator(&granted(), grace.id).await.unwrap();
    assert_eq!(code_of(world.app.activate_administrator(&granted(), grace.id).await), "already_activated");
    let mails = world.subjects(GRACE).await;
    assert_eq!(mails, ["administrator_invited", "administrator_mfa_required", "administrator_mfa_required"]);
});

on_both!(the_global_requirement_is_of_everyone_now_and_later, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (grace, _) = with_password(&world, GRACE, Role::Manager, Ticked::No).await;
    let (heidi, _) = enrolled(&world, "heidi@acme.test", Role::ReadOnly, Ticked::Yes).await;
    world.app.release_administrator_mfa(&granted(), heidi.id).await.unwrap();
    assert_eq!(world.app.administrators_to_be_required(&granted()).await.unwrap(), 2);
    world.app.demand_administrators_mfa(&granted(), Demanded::OfEveryone).await.unwrap();
    assert!(required_of_all(&world).await);
    assert_eq!(world.subjects(GRACE).await, ["administrator_invited", "administrator_mfa_required"]);
    assert!(!world.subjects("heidi@acme.test").await.contains(&"administrator_mfa_required".to_owned()));
    assert_eq!(
        code_of(world.app.release_administrator_mfa(&granted(), grace.id).await),
        "required_of_everyone"
    );
    let ivan = made(&world, "ivan@acme.test", Role::ReadOnly, Ticked::No).await.account;
    assert_eq!(ivan.mfa.requirement, Requirement::AtOnce);
    let organization = world.app.organization().await.unwrap();
    let mut settings = organization.settings.clone();
    settings.admin_mfa = Demanded::OfEach;
    let saved = world.app.save_settings(&granted(), settings, None).await.unwrap();
    assert_eq!(saved.settings.admin_mfa, Demanded::OfEveryone, "it has a use case of its own");
    world.app.demand_administrators_mfa(&granted(), Demanded::OfEach).await.unwrap();
    assert!(required_of_all(&world).await, "everybody stays required");
    let freed = world.app.release_administrator_mfa(&granted(), grace.id).await.unwrap();
    assert_eq!(freed.mfa.requirement, Requirement::NotRequired);
});

on_both!(the_global_requirement_is_not_an_administrators_way_round, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = first(&world).await;
    let grace = made(&world, GRACE, Role::Administrator, Ticked::Yes).await.account;
    world.app.release_administrator_mfa(&granted(), ada.id).await.unwrap();
    let demand =
        async || world.app.demand_administrators_mfa(&acting(&world, &grace), Demanded::OfEveryone).await;
    assert_eq!(code_of(demand().await), "beyond_reach");
    assert_eq!(load(&world.app, ada.id).await.mfa.requirement, Requirement::NotRequired);
    world.app.require_administrator_mfa(&acting(&world, &ada), ada.id).await.unwrap();
    assert!(demand().await.is_ok());
});

on_both!(whoever_is_made_while_it_is_switched_on_is_required, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other_node = world.another_node(database).await;
    for round in 0..6 {
        let form = administrator_form(&format!("grace{round}@acme.test"), Role::Manager);
        let (to_make, to_demand) = (granted(), granted());
        let (made, demanded) = tokio::join!(
            other_node.create_administrator(&to_make, &form, Ticked::No),
            world.app.demand_administrators_mfa(&to_demand, Demanded::OfEveryone),
        );
        let id = made.unwrap().account.id;
        demanded.unwrap();
        assert_eq!(load(&world.app, id).await.mfa.requirement, Requirement::AtOnce, "round {round}");
        world.app.demand_administrators_mfa(&granted(), Demanded::OfEach).await.unwrap();
    }
});

on_both!(those_on_the_widgets_list_are_required_together, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = first(&world).await;
    let mut free = Vec::new();
    for name in ["grace", "heidi", "ivan"] {
        free.push(made(&world, &format!("{name}@acme.test"), Role::Manager, Ticked::No).await.account.id);
    }
    let listed = world.app.administrators_without_mfa(&granted()).await.unwrap();
    assert_eq!(listed.iter().map(|account| account.id).collect::<Vec<_>>(), free);
    let chosen = [free[0], free[2], ada.id];
    let act = async || world.app.require_mfa_of_administrators(&acting(&world, &ada), &chosen).await.unwrap();
    assert_eq!((act().await, act().await), (2, 0));
    assert_eq!(world.app.count_administrators_without_mfa(&granted()).await.unwrap(), 1);
    assert_eq!(world.subjects(GRACE).await, ["administrator_invited", "administrator_mfa_required"]);
    assert_eq!(world.subjects("heidi@acme.test").await, ["administrator_invited"]);
});

on_both!(a_reset_keeps_the_requirement_and_is_told, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = first(&world).await;
    let (grace, session) = enrolled(&world, GRACE, Role::Manager, Ticked::Yes).await;
    let app = &world.app;
    let refused = app.reset_mfa_of_administrator(&acting(&world, &ada), grace.id, " ").await.unwrap_err();
    assert_eq!(refused_fields(refused), ["reason"]);
    let billing = made(&world, "b@acme.test", Role::Administrator, Ticked::Yes).await.account;
    let own = app.reset_mfa_of_administrator(&acting(&world, &billing), billing.id, "mine").await;
    assert_eq!(code_of(own), "own_account");
    let nothing = app.reset_mfa_of_administrator(&acting(&world, &ada), billing.id, "none").await;
    assert_eq!(code_of(nothing), "not_enrolled");
    world.signed_in(&session).await;
    let after = app.reset_mfa_of_administrator(&acting(&world, &ada), grace.id, "Lost phone").await.unwrap();
    assert_eq!(after.mfa.requirement, Requirement::AtOnce);
    assert_eq!(after.mfa.enrollment, Enrollment::NotEnrolled);
    assert!(matches!(world.visit(&session).await, Visit::Stranger));
    assert!(world.subjects(GRACE).await.contains(&"administrator_mfa_reset".to_owned()));
});

on_both!(widgets_are_switched_off_for_oneself_alone, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (_, session) = with_password(&world, GRACE, Role::Manager, Ticked::No).await;
    let (_, runner) = with_password(&world, "heidi@acme.test", Role::CommandRunner, Ticked::No).await;
    let (grace, heidi) = (world.signed_in(&session).await, world.signed_in(&runner).await);
    let on = async |me| {
        let widgets = world.app.home_widgets(&granted(), me).await.unwrap();
        let on = widgets.into_iter().filter(|(_, display)| *display == Display::On);
        on.map(|(widget, _)| widget).collect::<Vec<_>>()
    };
    assert_eq!(on(&grace).await, Widget::ALL);
    world.app.choose_home_widgets(&granted(), &grace, &[Widget::Failed]).await.unwrap();
    assert_eq!(on(&grace).await, [Widget::Failed]);
    let chosen = [Widget::Failed, Widget::AdminsWithoutMfa];
    world.app.choose_home_widgets(&granted(), &grace, &chosen).await.unwrap();
    assert_eq!(on(&grace).await, [Widget::AdminsWithoutMfa, Widget::Failed]);
    assert!(!on(&heidi).await.contains(&Widget::AdminsWithoutMfa), "the role does not see it");
    assert_eq!(on(&heidi).await.len(), Widget::ALL.len() - 1);
});
