-- Applications that people sign in to (S10).
CREATE TABLE application (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    revision BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    description TEXT NOT NULL,
    -- enabled or disabled.
    access TEXT NOT NULL,
    -- shown or hidden.
    tile TEXT NOT NULL,
    -- not_asked, every_time or older_than, and then after how many minutes.
    fresh_code TEXT NOT NULL,
    fresh_minutes BIGINT,
    -- SAML: what the service provider is called.
    entity_id TEXT COLLATE "C",
    -- The protocol with what is known of the application, as JSON.
    protocol TEXT NOT NULL,
    -- OpenID Connect: SHA-256 of the client's secret.
    secret_hash BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX application_name ON application (organization, name_key);
CREATE UNIQUE INDEX application_entity ON application (organization, entity_id);

-- The groups of users that have an application.
CREATE TABLE application_group (
    organization UUID NOT NULL,
    application UUID NOT NULL,
    user_group UUID NOT NULL,
    PRIMARY KEY (organization, application, user_group)
);
CREATE INDEX application_group_user_group ON application_group (organization, user_group, application);
