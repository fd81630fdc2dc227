//! What texts of requests look like, for the description: the words that can be chosen, read from where they are laid
//! down, and shapes that several operations share.

use claviger_app::{
    applications::templates,
    bulk, device_admin,
    oidc::Turn,
    stored::{Encryption, MailState},
};
use claviger_domain::{
    account::State,
    activity::Group,
    application::{
        Access, Tile,
        oidc::{Algorithm, Client, Refresh, Scope},
        saml::{Binding, Fact, NameId, Requests, Signed},
    },
    command::Shell,
    device::{FirstFactor, MfaStatus, NotEnrolled, Platform, Sudo, WhenDown},
    mail::Kind,
    mfa_reset::ResetApproval,
    permission::Role,
    policy::{Kind as DataKind, Mode, Template},
    reminder::Reminder,
    status::Status,
    stream::Transport,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{KnownFormat, Type},
    },
};

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn one_of(words: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    text().enum_values(Some(words))
}

fn line(shortest: usize, longest: usize) -> ObjectBuilder {
    text().min_length(Some(shortest)).max_length(Some(longest))
}

/// The part of a path that is called `name`.
pub(super) fn named(name: &str) -> RefOr<Schema> {
    match name {
        "kind" => one_of(Kind::ALL.map(Kind::key)).into(),
        "key" => text().pattern(Some("^[0-9a-f]{64}$")).into(),
        _ => Id::schema(),
    }
}

macro_rules! shapes {
    ($($name:ident is $shape:expr;)*) => { $(
        pub(super) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $shape.into()
            }
        }

        impl ToSchema for $name {}
    )* };
}

shapes! {
    RoleWord is one_of(Role::ALL.map(Role::key));
    StateWord is one_of([State::Staged, State::Activated, State::Suspended].map(State::key));
    RequirementWord is one_of(["required", "not_required"]);
    StatusWord is one_of(Status::KEYS.into_iter().chain(["inactive", "enrolled"]));
    SortWord is one_of(["name", "email", "created", "deadline"]);
    OrderWord is one_of(["asc", "desc"]);
    BulkWord is one_of(bulk::Kind::ALL.map(bulk::Kind::key));
    RuleWord is one_of(["none", "everyone", "waves"]);
    DeviceBulkWord is one_of(device_admin::Kind::ALL.map(device_admin::Kind::key));
    DeviceStatusWord is one_of(MfaStatus::KEYS);
    PlatformWord is one_of(Platform::ALL.iter().map(|platform| platform.key()));
    PresenceWord is one_of(["online", "offline"]);
    FirstFactorWord is one_of(FirstFactor::ALL.iter().map(|first| first.key()));
    WhenDownWord is one_of(WhenDown::ALL.iter().map(|when| when.key()));
    NotEnrolledWord is one_of(NotEnrolled::ALL.iter().map(|way| way.key()));
    SudoWord is one_of(Sudo::ALL.iter().map(|sudo| sudo.key()));
    PolicyTemplateWord is one_of(Template::KEYS);
    DataWord is one_of(DataKind::ALL.iter().map(|kind| kind.key()));
    ModeWord is one_of(Mode::ALL.iter().map(|mode| mode.key()));
    ShellWord is one_of(Shell::ALL.iter().map(|shell| shell.key()));
    AccessWord is one_of(Access::ALL.iter().map(|access| access.key()));
    TileWord is one_of(Tile::ALL.iter().map(|tile| tile.key()));
    FreshCodeWord is one_of(["not_asked", "every_time", "older_than"]);
    BindingWord is one_of(Binding::ALL.iter().map(|binding| binding.key()));
    RequestsWord is one_of(Requests::ALL.iter().map(|requests| requests.key()));
    SignedWord is one_of(Signed::ALL.iter().map(|signed| signed.key()));
    NameIdWord is one_of(NameId::ALL.iter().map(|name| name.key()));
    SourceWord is one_of(Fact::ALL.iter().map(|fact| fact.key()).chain(["groups", "constant"]));
    ClientWord is one_of(Client::ALL.iter().map(|client| client.key()));
    RefreshWord is one_of(Refresh::ALL.iter().map(|refresh| refresh.key()));
    ScopeWord is one_of([Scope::Profile, Scope::Email, Scope::Groups].map(Scope::key));
    AlgorithmWord is one_of(Algorithm::ALL.iter().map(|algorithm| algorithm.key()));
    TurnWord is one_of(Turn::ALL.iter().map(|turn| turn.key()));
    TemplateWord is one_of(templates::ALL.iter().map(|template| template.key));
    HeldWord is one_of(["stock", "assigned"]);
    BadRowsWord is one_of(["refuse", "skip"]);
    EventGroupWord is one_of(Group::ALL.map(Group::key));
    TransportWord is one_of(Transport::ALL.map(Transport::key));
    EncryptionWord is one_of(Encryption::ALL.map(Encryption::key));
    MailStateWord is one_of(MailState::ALL.map(MailState::key));
    WindowWord is one_of(["tolerant", "strict"]);
    ApprovalWord is one_of([ResetApproval::On, ResetApproval::Off].map(ResetApproval::key));
    ReminderHours is ObjectBuilder::new()
        .schema_type(Type::Integer)
        .enum_values(Some(Reminder::ALL.map(Reminder::hours)));
    SelfResetText is text().pattern(Some("^(on|off|[1-9]|[1-6][0-9]|7[0-2])$"));
    RetentionText is text().pattern(Some("^(forever|[1-9][0-9]{1,3})$"));
    Id is text().format(Some(SchemaFormat::Custom("uuid".into())));
    EmailText is line(3, 254).format(Some(SchemaFormat::Custom("email".into())));
    UsernameText is line(1, 32).pattern(Some("^[A-Za-z_][A-Za-z0-9_.-]{0,31}$"));
    ReasonText is line(1, 500);
    CodeText is text().pattern(Some("^ *([0-9] *){6}$"));
    SerialText is line(1, 64);
    ShellText is line(2, 128).pattern(Some("^/[A-Za-z0-9/_.+-]*[A-Za-z0-9_.+-]$"));
    DayText is text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
    ExpiryText is text().pattern(Some("^(never|[1-9][0-9]{0,3}|[0-9]{4}-[0-9]{2}-[0-9]{2})$"));
}
