use crate::*;
use claviger_app::{
    Refusal, demand::Ticked, enrollment::Enroller, session::Visit, set_up::Installation, stored::Purpose,
};
use claviger_domain::{
    account::Realm,
    permission::{Actor, Role, Who},
    sign_in::Next,
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};

on_both!(the_first_administrator_sets_up_and_must_enroll, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    assert_eq!(world.app.installation().await.unwrap(), Installation::Fresh);
    let session = world.set_up().await;
    assert_eq!(session.next, Next::MustEnroll);
    assert_eq!(world.app.installation().await.unwrap(), Installation::SetUp);
    let Visit::Half(half) = world.visit(&session).await else { panic!() };
    let (inside, _) = world.enroll(&Enroller::on_the_way(&half).unwrap()).await;
    assert_eq!(inside.next, Next::Enter);
    assert!(matches!(
        world.signed_in(&inside).await.actor.who,
        Who::Administrator { role: Role::AdministratorWithBilling, .. }
    ));
});

on_both!(
    a_setup_link_is_dead_after_a_day_after_use_and_after_a_newer_one,
    async |database: &TestDatabase| {
        let world = World::fresh(database).await;
        let first = world.app.setup_link().await.unwrap().unwrap();
        let second = world.app.setup_link().await.unwrap().unwrap();
        assert!(world.app.check_setup_link(token_of(&first)).await.is_err());
        world.later(Span::hours(24));
        assert!(world.app.check_setup_link(token_of(&second)).await.is_err());
        let third = world.app.setup_link().await.unwrap().unwrap();
        let bad =
            claviger_app::set_up::SetUpForm { password: "short".into(), email: "x".into(), ..set_up_form() };
        let refused = world.app.set_up(token_of(&third), &bad, &origin()).await.unwrap_err();
        assert_eq!(refused_fields(refused), ["email", "password"]);
        world.app.set_up(token_of(&third), &set_up_form(), &origin()).await.unwrap();
        assert!(world.app.check_setup_link(token_of(&third)).await.is_err());
    }
);

on_both!(
    a_registration_link_works_once_for_seven_days_and_dies_with_a_newer_one,
    async |database: &TestDatabase| {
        use claviger_app::{demand::Demand, users::Activation};
        let world = World::new(database).await;
        let alice = world
            .app
            .create_user(&granted(), &person("alice"), &Demand::NotRequired, Activation::Now)
            .await
            .unwrap();
        let find = async |link: &str| {
            world.app.password_link(Realm::User, Purpose::Registration, token_of(link)).await
        };
        let first = world.link_mailed_to("alice@acme.test", "/register/").await;
        assert!(find(&first).await.is_ok());
        world.later(Span::minutes(1));
        world.app.resend_activation(&granted(), alice.id).await.unwrap();
        assert!(find(&first).await.is_err());
        let second = world.link_mailed_to("alice@acme.test", "/register/").await;
        assert!(
            world.app.password_link(Realm::User, Purpose::PasswordReset, token_of(&second)).await.is_err(),
            "another purpose"
        );
        assert!(
            world
                .app
                .password_link(Realm::Administrator, Purpose::Registration, token_of(&second))
                .await
                .is_err()
        );
        let found = find(&second).await.unwrap();
        world.app.set_password(&found, PASSWORD, &origin()).await.unwrap();
        assert!(find(&second).await.is_err());
        assert!(
            world.app.set_password(&found, "another tide 77 fern", &origin()).await.is_err(),
            "used by another tab"
        );
        let refused = world.app.resend_activation(&granted(), alice.id).await.unwrap_err();
        assert!(matches!(refused, Refusal::State { code: "not_pending", .. }));
        world
            .app
            .create_user(&granted(), &person("bob"), &Demand::NotRequired, Activation::Now)
            .await
            .unwrap();
        let late = world.link_mailed_to("bob@acme.test", "/register/").await;
        world.later(Span::days(7));
        assert!(find(&late).await.is_err());
    }
);

on_both!(an_api_key_acts_with_its_administrators_role_and_dies_with_them, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    let key = world.app.create_api_key(&host, "ada@acme.test", "vpn").await.unwrap();
    let actor = world.app.api_actor(key.expose(), "192.0.2.1").await.unwrap().unwrap();
    assert!(matches!(actor.who, Who::ApiKey { role: Role::AdministratorWithBilling, .. }));
    assert!(world.app.api_actor("clv_nonsense", "").await.unwrap().is_none());
    assert!(matches!(
        world.app.create_api_key(&host, "nobody@acme.test", "x").await,
        Err(Refusal::NotFound(_))
    ));
});

on_both!(a_lost_administrator_is_let_in_from_the_host, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    let session = world.set_up().await;
    let Visit::Half(half) = world.visit(&session).await else { panic!() };
    let (inside, _) = world.enroll(&Enroller::on_the_way(&half).unwrap()).await;
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    world.app.reset_administrator_mfa(&host, "ada@acme.test").await.unwrap();
    assert!(matches!(world.visit(&inside).await, Visit::Stranger));
    let grace = administrator_form("grace@acme.test", Role::Administrator);
    let made = world.app.create_administrator(&host.granted().unwrap(), &grace, Ticked::Yes).await.unwrap();
    let token = token_of(&made.link);
    let found = world.app.password_link(Realm::Administrator, Purpose::Registration, token).await.unwrap();
    let grace = world.app.set_password(&found, PASSWORD, &origin()).await.unwrap();
    assert_eq!(grace.next, Next::MustEnroll);
});

on_both!(a_clock_that_goes_back_accepts_no_code_twice, async |database: &TestDatabase| {
    use claviger_app::verify::{Told, Verified};
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let code = world.code(&secret);
    assert_eq!(world.app.verify(&granted(), alice.id, &code).await.unwrap(), Verified::Told(Told::Accepted));
    world.earlier(Span::seconds(30));
    assert_eq!(
        world.app.verify(&granted(), alice.id, &code).await.unwrap(),
        Verified::Told(Told::AlreadyUsed)
    );
    let earlier = world.code(&secret);
    assert_eq!(
        world.app.verify(&granted(), alice.id, &earlier).await.unwrap(),
        Verified::Told(Told::AlreadyUsed)
    );
});

on_both!(another_master_key_does_not_open_the_installation, async |database: &TestDatabase| {
    use claviger_app::{App, Parts, PasswordCost};
    let world = World::new(database).await;
    let foreign = claviger_store::seal::Sealer::parse(&claviger_domain::secret::Secret::new(
        data_encoding::BASE64.encode(&[8; 32]),
    ));
    let parts = Parts {
        store: database.open().await,
        sealer: foreign.unwrap(),
        clock: world.clock.clone(),
        entropy: std::sync::Arc::new(Fixed),
        mailer: world.mailbox.clone(),
        courier: world.mailbox.clone(),
        public_url: String::new(),
        password_cost: PasswordCost::cheapest(),
        plain_smtp: claviger_app::email::PlainSmtp::Refused,
    };
    let refused = App::open(parts).await.unwrap_err();
    assert!(refused.to_string().contains("master key does not fit"), "{refused}");
});

struct Fixed;

impl claviger_app::ports::Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(1);
    }
}

on_both!(nobody_reads_an_administrators_link_in_the_queue, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    let grace = administrator_form("grace@acme.test", Role::Administrator);
    world.app.create_administrator(&host.granted().unwrap(), &grace, Ticked::Yes).await.unwrap();
    let mails = world.app.mail_queue(&granted(), 10).await.unwrap();
    let mail = mails.iter().find(|queued| queued.mail.recipient == "grace@acme.test").unwrap();
    assert!(mail.link.is_none());
});

on_both!(servers_that_start_at_once_make_one_organization, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    let mut ids = vec![world.app.organization().await.unwrap().id];
    for _ in 0..3 {
        ids.push(world.another_node(database).await.organization().await.unwrap().id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
});
