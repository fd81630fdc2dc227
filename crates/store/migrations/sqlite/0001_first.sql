CREATE TABLE organization (
    id BLOB NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    set_up_at INTEGER,
    totp TEXT NOT NULL,
    name TEXT NOT NULL,
    -- A JSON object of texts; a setting that is not in it has its default.
    settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row, so that of several servers that start at once on an empty database one makes the organization.
CREATE TABLE installation (
    number INTEGER NOT NULL PRIMARY KEY,
    organization BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A value sealed under the master key when the database was made: a key that can't open it doesn't fit.
CREATE TABLE key_check (
    organization BLOB NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    realm TEXT NOT NULL,
    revision INTEGER NOT NULL,
    username TEXT,
    role TEXT,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    search_key TEXT NOT NULL,
    state TEXT NOT NULL,
    password TEXT NOT NULL,
    password_hash TEXT,
    requirement TEXT NOT NULL,
    requirement_at INTEGER,
    factor_id BLOB,
    created_at INTEGER NOT NULL,
    last_sign_in_at INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX account_email ON account (organization, realm, email_key);
CREATE UNIQUE INDEX account_username ON account (organization, realm, username);
CREATE INDEX account_sort ON account (organization, realm, sort_key, id);
CREATE INDEX account_requirement ON account (organization, requirement, requirement_at);

CREATE TABLE factor (
    organization BLOB NOT NULL,
    account BLOB NOT NULL,
    id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    secret BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    drift INTEGER NOT NULL,
    failures_in_row INTEGER NOT NULL,
    failures_recent BLOB NOT NULL,
    locks INTEGER NOT NULL,
    lock_state TEXT NOT NULL,
    locked_until INTEGER,
    confirmed_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (organization, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE provisional_factor (
    organization BLOB NOT NULL,
    account BLOB NOT NULL,
    id BLOB NOT NULL,
    session BLOB NOT NULL,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    organization BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    id BLOB NOT NULL,
    account BLOB NOT NULL,
    realm TEXT NOT NULL,
    stage TEXT NOT NULL,
    proven TEXT NOT NULL,
    wrong_codes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (organization, token_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session (organization, account);
CREATE INDEX session_expires ON session (organization, expires_at);

CREATE TABLE link (
    organization BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    id BLOB NOT NULL,
    account BLOB,
    purpose TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (organization, token_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_account ON link (organization, account, purpose);
CREATE INDEX link_expires ON link (organization, expires_at);

CREATE TABLE throttle (
    organization BLOB NOT NULL,
    scope TEXT NOT NULL,
    subject BLOB NOT NULL,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (organization, scope, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_last ON throttle (organization, last_at);

CREATE TABLE mail (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    cause TEXT NOT NULL,
    kind TEXT NOT NULL,
    account BLOB,
    recipient TEXT NOT NULL,
    payload BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mail_cause ON mail (organization, cause);
CREATE INDEX mail_due ON mail (organization, state, next_attempt_at);

CREATE TABLE smtp (
    organization BLOB NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    encryption TEXT NOT NULL,
    username TEXT NOT NULL,
    password BLOB,
    from_address TEXT NOT NULL,
    from_name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    outcome TEXT NOT NULL,
    details TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    link BLOB,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_target ON audit (organization, target_id, id);
-- Entries that are not sealed yet have the sequence 0 and stand together.
CREATE INDEX audit_sequence ON audit (organization, sequence, id);

CREATE TABLE audit_chain (
    organization BLOB NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL,
    link BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    organization BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    id BLOB NOT NULL,
    owner BLOB NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (organization, token_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    organization BLOB NOT NULL,
    name TEXT NOT NULL,
    next_run INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (organization, name)
) STRICT, WITHOUT ROWID;
