-- Applications that people sign in to (S10).
CREATE TABLE application (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    -- enabled or disabled.
    access TEXT NOT NULL,
    -- shown or hidden.
    tile TEXT NOT NULL,
    -- not_asked, every_time or older_than, and then after how many minutes.
    fresh_code TEXT NOT NULL,
    fresh_minutes INTEGER,
    -- SAML: what the service provider is called.
    entity_id TEXT,
    -- The protocol with what is known of the application, as JSON.
    protocol TEXT NOT NULL,
    -- OpenID Connect: SHA-256 of the client's secret.
    secret_hash BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX application_name ON application (organization, name_key);
CREATE UNIQUE INDEX application_entity ON application (organization, entity_id);

-- The groups of users that have an application.
CREATE TABLE application_group (
    organization BLOB NOT NULL,
    application BLOB NOT NULL,
    user_group BLOB NOT NULL,
    PRIMARY KEY (organization, application, user_group)
) STRICT, WITHOUT ROWID;
CREATE INDEX application_group_user_group ON application_group (organization, user_group, application);
