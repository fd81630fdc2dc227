//! Step-up: what decides over who gets in asks once more who asks.

use crate::{
    identity::{code_of, managing},
    mails::smtp,
    sign_in::factor_of,
    *,
};
use claviger_app::{
    Refusal,
    administrators::AdministratorForm,
    bulk::Verb,
    demand::{Demand, Ticked},
    groups::GroupForm,
    import::Options,
    session::{NewSession, SignedIn},
    sign_in::CodeOutcome,
    stored::{Purpose, user_list::Filter},
    token_file::{BadRows, Upload},
    users::{Activation, Person},
};
use claviger_domain::{
    account::Realm,
    group::RuleForm,
    mfa::RunningPeriod,
    permission::{ManageUsers, Role},
    secret::Secret,
    sign_in::TotpSwitch,
    step_up::Asked,
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};

const ADA: &str = "ada@acme.test";
const BEA: &str = "bea@acme.test";

on_both!(
    what_decides_who_gets_in_asks_for_a_code_of_the_last_ten_minutes,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let ada = world.ada().await;
        let alice = world.user("alice", Some(7)).await;
        let half = world.half_admin(ADA).await;
        let session =
            match world.app.submit_code(&half, factor_of(&half), &world.code(&ada.secret)).await.unwrap() {
                CodeOutcome::Session(session) => session,
                other => panic!("{other:?}"),
            };
        let me = world.signed_in(&session).await;
        world.later(Span::minutes(10));
        world.app.switch_totp(&me.actor.granted().unwrap(), TotpSwitch::Enabled).await.unwrap();
        world.later(Span::seconds(1));
        let me = world.signed_in(&session).await;
        let app = &world.app;
        let settings = app.organization().await.unwrap().settings.clone();
        let (actor, id) = (&me.actor, alice.id);
        let bulk = Verb::ResetMfa { days: days(7), reason: "x".into() };
        let form =
            AdministratorForm { email: BEA.into(), role: "manager".into(), ..AdministratorForm::default() };
        let key = claviger_app::api_keys::KeyForm { name: "k".into(), ..Default::default() };
        let refused = [
            code_of(app.switch_totp(&actor.granted().unwrap(), TotpSwitch::Disabled).await),
            code_of(app.save_settings(&actor.granted().unwrap(), settings, None).await),
            code_of(app.save_smtp(&actor.granted().unwrap(), &smtp()).await),
            code_of(app.require_mfa(&actor.granted().unwrap(), id, period(3), RunningPeriod::Keep).await),
            code_of(app.remove_requirement(&actor.granted().unwrap(), id).await),
            code_of(app.extend_period(&actor.granted().unwrap(), id, days(3)).await),
            code_of(app.reset_mfa(&actor.granted().unwrap(), id, days(3), "x").await),
            code_of(app.start_bulk(actor, &bulk, &Filter::default()).await),
            code_of(app.create_administrator(&managing(&me), &form, Ticked::Yes).await),
            code_of(app.create_own_api_key(&me, &key).await),
        ];
        assert_eq!(refused, ["not_fresh"; 10]);
        assert_eq!(refused_fields(app.step_up(&me, "000000").await.unwrap_err()), ["code"]);
        let counted = app.administrator(&granted(), me.account.id).await.unwrap().factor.unwrap();
        assert_eq!(counted.factor.failures.in_row, 1, "a wrong code counts as in a sign-in");
        app.step_up(&me, &world.code_now(&ada.secret)).await.unwrap();
        let me = world.signed_in(&session).await;
        app.remove_requirement(&me.actor.granted().unwrap(), id).await.unwrap();
    }
);

/// An administrator without a second factor, eleven minutes after the password.
async fn late(world: &World) -> (SignedIn, NewSession) {
    let form =
        AdministratorForm { email: BEA.into(), role: Role::Administrator.key().into(), ..Default::default() };
    let made = world.app.create_administrator(&granted(), &form, Ticked::No).await.unwrap();
    let found = world
        .app
        .password_link(Realm::Administrator, Purpose::Registration, token_of(&made.link))
        .await
        .unwrap();
    let session = world.app.set_password(&found, PASSWORD, &origin()).await.unwrap();
    world.later(Span::minutes(11));
    (world.signed_in(&session).await, session)
}

on_both!(whom_mfa_will_be_required_of_is_decided_with_a_fresh_code, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.ada().await;
    let (app, rule) = (&world.app, RuleForm { kind: "everyone", days: "7", ..RuleForm::default() });
    let named = |name: &str| GroupForm { name: name.into(), description: String::new() };
    let ruled = app.create_group(&granted(), &named("Sales")).await.unwrap().id;
    app.set_rule(&granted(), ruled, &rule, "").await.unwrap();
    let free = app.create_group(&granted(), &named("Legal")).await.unwrap().id;
    let (me, session) = late(&world).await;
    let manage = me.actor.granted::<ManageUsers>().unwrap();
    let person = |name: &str| Person {
        username: name.into(),
        email: format!("{name}@acme.test"),
        ..Person::default()
    };
    let options = |requirement| Options { activation: Activation::Later, requirement, days: days(7) };
    let upload = async |file: &str, requirement| {
        app.upload_users(&manage, file.as_bytes().to_vec(), options(requirement)).await.unwrap().job
    };
    let by_form = upload("username,email\nalice,alice@acme.test\n", Some(period(7))).await;
    let by_row = upload("username,email,require_mfa\nbob,bob@acme.test,yes\n", None).await;
    let of_none = upload("username,email,require_mfa\ncarol,carol@acme.test,no\n", Some(period(7))).await;
    let tokens = || Upload { file: Secret::new(b"serial,secret\n".to_vec()), key: None };
    let required = Demand::Required(Ok(period(7)));
    let refused = [
        code_of(app.create_user(&manage, &person("dave"), &required, Activation::Later).await),
        code_of(app.confirm_job(&manage, by_form).await),
        code_of(app.confirm_job(&manage, by_row).await),
        code_of(app.set_rule(&manage, free, &rule, "").await),
        code_of(app.toggle_rule(&manage, ruled).await),
        code_of(app.delete_group(&manage, ruled).await),
        code_of(app.import_tokens(&manage, tokens(), BadRows::LeaveOut).await),
    ];
    assert_eq!(refused, ["not_fresh"; 7]);
    app.create_user(&manage, &person("dave"), &Demand::NotRequired, Activation::Later).await.unwrap();
    app.confirm_job(&manage, of_none).await.unwrap();
    app.delete_group(&manage, free).await.unwrap();
    app.step_up_by_password(&me, &Secret::from(PASSWORD)).await.unwrap();
    let me = world.signed_in(&session).await;
    let manage = me.actor.granted::<ManageUsers>().unwrap();
    app.create_user(&manage, &person("erin"), &required, Activation::Later).await.unwrap();
    app.confirm_job(&manage, by_row).await.unwrap();
    app.toggle_rule(&manage, ruled).await.unwrap();
});

on_both!(an_administrator_without_a_factor_shows_the_password_again, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.ada().await;
    let (me, session) = late(&world).await;
    let refused = world.app.save_smtp(&me.actor.granted().unwrap(), &smtp()).await.unwrap_err();
    assert!(matches!(refused, Refusal::NotFresh(Asked::Password)), "{refused}");
    let wrong = world.app.step_up_by_password(&me, &Secret::from("wrong")).await.unwrap_err();
    assert_eq!(refused_fields(wrong), ["current_password"]);
    world.app.step_up_by_password(&me, &Secret::from(PASSWORD)).await.unwrap();
    let me = world.signed_in(&session).await;
    world.app.save_smtp(&me.actor.granted().unwrap(), &smtp()).await.unwrap();
});
