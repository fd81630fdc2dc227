-- The activity log: filters, retention, streams.

-- A filter finds its entries by one of these, the newest first; `audit_target` is from 0001.
CREATE INDEX audit_action ON audit (organization, action, id);
CREATE INDEX audit_actor ON audit (organization, actor_id, id);
CREATE INDEX audit_address ON audit (organization, address, id);
-- Successes are most entries, and found without an index.
CREATE INDEX audit_outcome ON audit (organization, outcome, id) WHERE outcome <> 'success';

-- Where the chain begins once old entries were removed: the last number that is gone, and its link.
CREATE TABLE audit_anchor (
    organization BLOB NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL,
    link BLOB NOT NULL,
    -- Up to which number the removal stands in the log itself.
    told INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where sealed entries are forwarded to: a syslog collector and a webhook.
CREATE TABLE log_stream (
    organization BLOB NOT NULL,
    -- syslog or webhook.
    kind TEXT NOT NULL,
    revision INTEGER NOT NULL,
    -- on or off.
    state TEXT NOT NULL,
    -- tls, tcp or udp; https for a webhook.
    transport TEXT NOT NULL,
    -- Host and port, or the webhook's URL.
    address TEXT NOT NULL,
    -- What the webhook's batches are signed with, sealed.
    secret BLOB,
    -- The last number that was delivered.
    position INTEGER NOT NULL,
    -- Failures in a row.
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    delivered_at INTEGER,
    last_error TEXT NOT NULL,
    PRIMARY KEY (organization, kind)
) STRICT, WITHOUT ROWID;

-- The REST API as a contract: calls that are carried out once, and tokens that count their changes.

CREATE TABLE idempotency (
    organization BLOB NOT NULL,
    -- SHA-256 of the API key, the method, the path and the Idempotency-Key.
    call BLOB NOT NULL,
    -- SHA-256 of the rest of the request.
    request BLOB NOT NULL,
    -- running or done.
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- The answer, once it is done: 0 and empty before.
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    location TEXT NOT NULL,
    etag TEXT NOT NULL,
    -- Sealed; nothing where the answer held what is shown only once.
    body BLOB,
    PRIMARY KEY (organization, call)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (organization, created_at);

ALTER TABLE hardware_token ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- Step-up and resets: what a session has shown, and when; resets of an administrator's MFA that wait.

-- When the session last showed its code, or its password where there is no factor.
ALTER TABLE session ADD COLUMN proven_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE mfa_reset (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    -- Whose MFA.
    account BLOB NOT NULL,
    -- self or other: who asked for it.
    asker TEXT NOT NULL,
    -- The administrator who asked, where it wasn't the person.
    requester BLOB,
    reason TEXT NOT NULL,
    -- pending, done or canceled; that its time has passed is computed.
    stage TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Whose wizard carries it out, and the link that opened it.
    session BLOB,
    link BLOB,
    ended_at INTEGER,
    -- Who carried it out or canceled it.
    ended_by TEXT NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
-- One of a kind waits for an account.
CREATE UNIQUE INDEX mfa_reset_pending ON mfa_reset (organization, account, asker) WHERE stage = 'pending';
CREATE INDEX mfa_reset_stage ON mfa_reset (organization, stage, id);

-- API keys: where from, and when last. Usage: who was active in a month.

-- Networks with a space between them; empty: from everywhere.
ALTER TABLE api_key ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN last_used_at INTEGER;
ALTER TABLE api_key ADD COLUMN last_used_from TEXT NOT NULL DEFAULT '';
CREATE INDEX api_key_owner ON api_key (organization, owner, id);

-- Who was active in a month that is not closed yet, each once: 202611, and the target's id as the log has it.
CREATE TABLE usage_month (
    organization BLOB NOT NULL,
    month INTEGER NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (organization, month, account)
) STRICT, WITHOUT ROWID;

-- Months that are closed: only their sums are kept.
CREATE TABLE usage_total (
    organization BLOB NOT NULL,
    month INTEGER NOT NULL,
    users INTEGER NOT NULL,
    devices INTEGER NOT NULL,
    PRIMARY KEY (organization, month)
) STRICT, WITHOUT ROWID;

-- Up to which number of the log usage is counted.
CREATE TABLE usage_cursor (
    organization BLOB NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Home: the widgets that an administrator has switched off, and those switched on again.
CREATE TABLE home_widget (
    organization BLOB NOT NULL,
    account BLOB NOT NULL,
    widget TEXT NOT NULL,
    -- on or off.
    state TEXT NOT NULL,
    PRIMARY KEY (organization, account, widget)
) STRICT, WITHOUT ROWID;
