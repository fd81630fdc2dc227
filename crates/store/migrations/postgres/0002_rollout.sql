-- Rolling MFA out: jobs, groups, recovery codes, hardware tokens, texts of mails, evidence.

-- Scheduled work is a schedule; a job is what an administrator starts.
ALTER TABLE job RENAME TO schedule;

-- A page of the list of users is found in an index alone, whatever it is filtered by.
DROP INDEX account_sort;
CREATE INDEX account_list ON account (organization, realm, sort_key, id, state, requirement, requirement_at, factor_id, email_key, created_at, search_key);
-- What users are counted by, and nothing else: the counts on top of the list read this alone.
DROP INDEX account_requirement;
CREATE INDEX account_requirement ON account (organization, requirement, requirement_at, realm, factor_id, state);
CREATE INDEX account_deadline ON account (organization, realm, COALESCE(requirement_at, 9223372036854775807), id);

-- Room on each page, so that a note such as the last sign-in stays there and touches no index.
ALTER TABLE account SET (fillfactor = 70);

-- When a mail server refused a mail to the account for good; nothing once one was taken, or the address changed.
ALTER TABLE account ADD COLUMN mail_bounced_at BIGINT;

-- When a mail last told a person their deadline. Not with the account, whose row has many indexes.
CREATE TABLE deadline_told (
    organization UUID NOT NULL,
    account UUID NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (organization, account)
);

-- A page of the mail queue in one state.
CREATE INDEX mail_state ON mail (organization, state, id);

-- The secret of the QR code that was shown before this one: what a wrong first code is compared with.
ALTER TABLE provisional_factor ADD COLUMN earlier_secret BYTEA;

-- Whole steps by which the last resync moved what is accepted; the drift is what was learned since.
ALTER TABLE factor ADD COLUMN resynced BIGINT NOT NULL DEFAULT 0;

-- Failed sign-ins are counted for pictures; there are few among all entries.
CREATE INDEX audit_failed ON audit (organization, at)
    WHERE action IN ('sign_in.password', 'sign_in.code', 'sign_in.resync') AND outcome <> 'success';

CREATE TABLE job (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    -- What is to be done, as JSON.
    parameters TEXT NOT NULL,
    -- preview, waiting, running, done or canceled.
    state TEXT NOT NULL,
    -- Who asked for it, as JSON.
    actor TEXT NOT NULL,
    total BIGINT NOT NULL,
    -- Items up to this one are through: those without a reason are done.
    position BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (organization, id)
);
CREATE INDEX job_state ON job (organization, state, id);

CREATE TABLE job_item (
    organization UUID NOT NULL,
    job UUID NOT NULL,
    position BIGINT NOT NULL,
    account UUID,
    -- Whom or what it is about, for the report.
    label TEXT NOT NULL,
    -- What a row of an imported file says, as JSON.
    payload TEXT NOT NULL,
    -- Why it was skipped; empty if it was or will be done.
    reason TEXT NOT NULL,
    PRIMARY KEY (organization, job, position)
);

CREATE TABLE user_group (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    revision BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    description TEXT NOT NULL,
    -- none, running or paused: whether membership requires MFA.
    rule TEXT NOT NULL,
    -- What the rule says: days, start, size of a wave, hours between waves, percent to pause at.
    rule_terms TEXT NOT NULL,
    next_wave_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX user_group_name ON user_group (organization, name_key);

CREATE TABLE group_member (
    organization UUID NOT NULL,
    user_group UUID NOT NULL,
    account UUID NOT NULL,
    joined_at BIGINT NOT NULL,
    -- When the group's rule required MFA of the member; nothing if it is still to come.
    required_at BIGINT,
    PRIMARY KEY (organization, user_group, account)
);
CREATE INDEX group_member_account ON group_member (organization, account);

CREATE TABLE recovery_code (
    organization UUID NOT NULL,
    account UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (organization, account, code_hash)
);

CREATE TABLE hardware_token (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    serial TEXT NOT NULL,
    serial_key TEXT COLLATE "C" NOT NULL,
    model TEXT NOT NULL,
    secret BYTEA NOT NULL,
    -- Whose it is; nothing while it is in stock.
    account UUID,
    imported_at BIGINT NOT NULL,
    assigned_at BIGINT,
    confirmed_at BIGINT,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX hardware_token_serial ON hardware_token (organization, serial_key);
CREATE UNIQUE INDEX hardware_token_account ON hardware_token (organization, account);

-- What an organization changed about a kind of mail: its words, or whether it goes out.
CREATE TABLE mail_text (
    organization UUID NOT NULL,
    kind TEXT NOT NULL,
    revision BIGINT NOT NULL,
    -- on or off.
    state TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization, kind)
);

CREATE TABLE logo (
    organization UUID NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    image BYTEA NOT NULL,
    changed_at BIGINT NOT NULL
);

-- The key pair that evidence is signed with.
CREATE TABLE signing_key (
    organization UUID NOT NULL,
    purpose TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization, purpose)
);

-- Parts of names are found by trigrams where the database may have them: the extension comes with PostgreSQL and can
-- be made by the owner of the database. Without it a search reads the list's index.
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
    CREATE INDEX account_search ON account USING gin (search_key public.gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'searches are not indexed: %', SQLERRM;
END $$;
