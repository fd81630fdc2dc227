CREATE TABLE organization (
    id UUID NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    set_up_at BIGINT,
    totp TEXT NOT NULL,
    name TEXT NOT NULL,
    -- A JSON object of texts; a setting that is not in it has its default.
    settings TEXT NOT NULL
);

-- One row, so that of several servers that start at once on an empty database one makes the organization.
CREATE TABLE installation (
    number BIGINT NOT NULL PRIMARY KEY,
    organization UUID NOT NULL
);

-- A value sealed under the master key when the database was made: a key that can't open it doesn't fit.
CREATE TABLE key_check (
    organization UUID NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);

CREATE TABLE account (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    realm TEXT NOT NULL,
    revision BIGINT NOT NULL,
    username TEXT,
    role TEXT,
    email TEXT NOT NULL,
    email_key TEXT COLLATE "C" NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    sort_key TEXT COLLATE "C" NOT NULL,
    search_key TEXT NOT NULL,
    state TEXT NOT NULL,
    password TEXT NOT NULL,
    password_hash TEXT,
    requirement TEXT NOT NULL,
    requirement_at BIGINT,
    factor_id UUID,
    created_at BIGINT NOT NULL,
    last_sign_in_at BIGINT,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX account_email ON account (organization, realm, email_key);
CREATE UNIQUE INDEX account_username ON account (organization, realm, username);
CREATE INDEX account_sort ON account (organization, realm, sort_key, id);
CREATE INDEX account_requirement ON account (organization, requirement, requirement_at);

CREATE TABLE factor (
    organization UUID NOT NULL,
    account UUID NOT NULL,
    id UUID NOT NULL,
    revision BIGINT NOT NULL,
    secret BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    drift BIGINT NOT NULL,
    failures_in_row BIGINT NOT NULL,
    failures_recent BYTEA NOT NULL,
    locks BIGINT NOT NULL,
    lock_state TEXT NOT NULL,
    locked_until BIGINT,
    confirmed_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (organization, account)
) WITH (fillfactor = 70);

CREATE TABLE provisional_factor (
    organization UUID NOT NULL,
    account UUID NOT NULL,
    id UUID NOT NULL,
    session UUID NOT NULL,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization, account)
);

CREATE TABLE session (
    organization UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    id UUID NOT NULL,
    account UUID NOT NULL,
    realm TEXT NOT NULL,
    stage TEXT NOT NULL,
    proven TEXT NOT NULL,
    wrong_codes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (organization, token_hash)
) WITH (fillfactor = 70);
CREATE INDEX session_account ON session (organization, account);
CREATE INDEX session_expires ON session (organization, expires_at);

CREATE TABLE link (
    organization UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    id UUID NOT NULL,
    account UUID,
    purpose TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (organization, token_hash)
);
CREATE INDEX link_account ON link (organization, account, purpose);
CREATE INDEX link_expires ON link (organization, expires_at);

CREATE TABLE throttle (
    organization UUID NOT NULL,
    scope TEXT NOT NULL,
    subject BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (organization, scope, subject)
);
CREATE INDEX throttle_last ON throttle (organization, last_at);

CREATE TABLE mail (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    cause TEXT NOT NULL,
    kind TEXT NOT NULL,
    account UUID,
    recipient TEXT NOT NULL,
    payload BYTEA NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX mail_cause ON mail (organization, cause);
CREATE INDEX mail_due ON mail (organization, state, next_attempt_at);

CREATE TABLE smtp (
    organization UUID NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    host TEXT NOT NULL,
    port BIGINT NOT NULL,
    encryption TEXT NOT NULL,
    username TEXT NOT NULL,
    password BYTEA,
    from_address TEXT NOT NULL,
    from_name TEXT NOT NULL
);

CREATE TABLE audit (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    outcome TEXT NOT NULL,
    details TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    link BYTEA,
    PRIMARY KEY (organization, id)
);
CREATE INDEX audit_target ON audit (organization, target_id, id);
-- Entries that are not sealed yet have the sequence 0 and stand together.
CREATE INDEX audit_sequence ON audit (organization, sequence, id);

CREATE TABLE audit_chain (
    organization UUID NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    link BYTEA NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE api_key (
    organization UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    id UUID NOT NULL,
    owner UUID NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (organization, token_hash)
);

CREATE TABLE job (
    organization UUID NOT NULL,
    name TEXT NOT NULL,
    next_run BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (organization, name)
) WITH (fillfactor = 70);
