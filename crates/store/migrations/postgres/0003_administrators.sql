-- The activity log: filters, retention, streams.

-- A filter finds its entries by one of these, the newest first; `audit_target` is from 0001.
CREATE INDEX audit_action ON audit (organization, action, id);
CREATE INDEX audit_actor ON audit (organization, actor_id, id);
CREATE INDEX audit_address ON audit (organization, address, id);
-- Successes are most entries, and found without an index.
CREATE INDEX audit_outcome ON audit (organization, outcome, id) WHERE outcome <> 'success';

-- Where the chain begins once old entries were removed: the last number that is gone, and its link.
CREATE TABLE audit_anchor (
    organization UUID NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    link BYTEA NOT NULL,
    -- Up to which number the removal stands in the log itself.
    told BIGINT NOT NULL
);

-- Where sealed entries are forwarded to: a syslog collector and a webhook.
CREATE TABLE log_stream (
    organization UUID NOT NULL,
    -- syslog or webhook.
    kind TEXT NOT NULL,
    revision BIGINT NOT NULL,
    -- on or off.
    state TEXT NOT NULL,
    -- tls, tcp or udp; https for a webhook.
    transport TEXT NOT NULL,
    -- Host and port, or the webhook's URL.
    address TEXT NOT NULL,
    -- What the webhook's batches are signed with, sealed.
    secret BYTEA,
    -- The last number that was delivered.
    position BIGINT NOT NULL,
    -- Failures in a row.
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    delivered_at BIGINT,
    last_error TEXT NOT NULL,
    PRIMARY KEY (organization, kind)
);

-- The REST API as a contract: calls that are carried out once, and tokens that count their changes.

CREATE TABLE idempotency (
    organization UUID NOT NULL,
    -- SHA-256 of the API key, the method, the path and the Idempotency-Key.
    call BYTEA NOT NULL,
    -- SHA-256 of the rest of the request.
    request BYTEA NOT NULL,
    -- running or done.
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The answer, once it is done: 0 and empty before.
    status BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    location TEXT NOT NULL,
    etag TEXT NOT NULL,
    -- Sealed; nothing where the answer held what is shown only once.
    body BYTEA,
    PRIMARY KEY (organization, call)
);
CREATE INDEX idempotency_age ON idempotency (organization, created_at);

ALTER TABLE hardware_token ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;

-- Step-up and resets: what a session has shown, and when; resets of an administrator's MFA that wait.

-- When the session last showed its code, or its password where there is no factor.
ALTER TABLE session ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE mfa_reset (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    -- Whose MFA.
    account UUID NOT NULL,
    -- self or other: who asked for it.
    asker TEXT NOT NULL,
    -- The administrator who asked, where it wasn't the person.
    requester UUID,
    reason TEXT NOT NULL,
    -- pending, done or canceled; that its time has passed is computed.
    stage TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Whose wizard carries it out, and the link that opened it.
    session UUID,
    link UUID,
    ended_at BIGINT,
    -- Who carried it out or canceled it.
    ended_by TEXT NOT NULL,
    PRIMARY KEY (organization, id)
);
-- One of a kind waits for an account.
CREATE UNIQUE INDEX mfa_reset_pending ON mfa_reset (organization, account, asker) WHERE stage = 'pending';
CREATE INDEX mfa_reset_stage ON mfa_reset (organization, stage, id);

-- API keys: where from, and when last. Usage: who was active in a month.

-- Networks with a space between them; empty: from everywhere.
ALTER TABLE api_key ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN last_used_at BIGINT;
ALTER TABLE api_key ADD COLUMN last_used_from TEXT NOT NULL DEFAULT '';
CREATE INDEX api_key_owner ON api_key (organization, owner, id);

-- Who was active in a month that is not closed yet, each once: 202611, and the target's id as the log has it.
CREATE TABLE usage_month (
    organization UUID NOT NULL,
    month BIGINT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (organization, month, account)
);

-- Months that are closed: only their sums are kept.
CREATE TABLE usage_total (
    organization UUID NOT NULL,
    month BIGINT NOT NULL,
    users BIGINT NOT NULL,
    devices BIGINT NOT NULL,
    PRIMARY KEY (organization, month)
);

-- Up to which number of the log usage is counted.
CREATE TABLE usage_cursor (
    organization UUID NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
);

-- Home: the widgets that an administrator has switched off, and those switched on again.
CREATE TABLE home_widget (
    organization UUID NOT NULL,
    account UUID NOT NULL,
    widget TEXT NOT NULL,
    -- on or off.
    state TEXT NOT NULL,
    PRIMARY KEY (organization, account, widget)
);
