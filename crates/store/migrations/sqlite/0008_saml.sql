-- What is signed with for an application: one certificate signs, one may be about to, one may have done (S10.1).
CREATE TABLE application_key (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    application BLOB NOT NULL,
    -- next, current or retired.
    state TEXT NOT NULL,
    -- X.509, DER.
    certificate BLOB NOT NULL,
    -- The private key, sealed: PKCS #8, DER.
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX application_key_state ON application_key (organization, application, state);

-- The name that an application alone knows a user by.
CREATE TABLE application_subject (
    organization BLOB NOT NULL,
    application BLOB NOT NULL,
    account BLOB NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, application, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX application_subject_account ON application_subject (organization, account);

-- Which applications were told of somebody in a session, so that they can be told of its end.
CREATE TABLE application_visit (
    organization BLOB NOT NULL,
    session BLOB NOT NULL,
    application BLOB NOT NULL,
    account BLOB NOT NULL,
    -- email, username, persistent or transient, and the name itself.
    name_kind TEXT NOT NULL,
    name_id TEXT NOT NULL,
    session_index TEXT NOT NULL,
    visited_at INTEGER NOT NULL,
    PRIMARY KEY (organization, session, application)
) STRICT, WITHOUT ROWID;
CREATE INDEX application_visit_name ON application_visit (organization, application, name_id);

-- A log-out that goes from application to application.
CREATE TABLE saml_log_out (
    organization BLOB NOT NULL,
    -- SHA-256 of the token that it is known by.
    token_hash BLOB NOT NULL,
    account BLOB NOT NULL,
    -- The application that asked for it, with the request that is to be answered; nothing if the person did here.
    asked_by BLOB,
    request_id TEXT,
    relay_state TEXT,
    -- The application that was asked last, and the message that it was asked with.
    waiting_for BLOB,
    message_id TEXT,
    -- How many did not confirm it.
    missing INTEGER NOT NULL,
    step INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (organization, token_hash)
) STRICT, WITHOUT ROWID;

-- The sessions that a log-out ended.
CREATE TABLE saml_log_out_session (
    organization BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    session BLOB NOT NULL,
    PRIMARY KEY (organization, token_hash, session)
) STRICT, WITHOUT ROWID;

-- Messages that were answered, by a digest of their names, until their age alone would refuse them.
CREATE TABLE saml_seen (
    organization BLOB NOT NULL,
    application BLOB NOT NULL,
    message_hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (organization, application, message_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX saml_seen_expires ON saml_seen (organization, expires_at);
