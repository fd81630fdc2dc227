-- Rolling MFA out: jobs, groups, recovery codes, hardware tokens, texts of mails, evidence.

-- Scheduled work is a schedule; a job is what an administrator starts.
ALTER TABLE job RENAME TO schedule;

-- A page of the list of users is found in an index alone, whatever it is filtered by.
DROP INDEX account_sort;
CREATE INDEX account_list ON account (organization, realm, sort_key, id, state, requirement, requirement_at, factor_id, email_key, created_at, search_key);
-- What users are counted by, and nothing else: the counts on top of the list read this alone.
DROP INDEX account_requirement;
CREATE INDEX account_requirement ON account (organization, requirement, requirement_at, realm, factor_id, state);
-- A search alone reads less.
CREATE INDEX account_search ON account (organization, realm, sort_key, id, search_key);
CREATE INDEX account_deadline ON account (organization, realm, COALESCE(requirement_at, 9223372036854775807), id);

-- When a mail server refused a mail to the account for good; nothing once one was taken, or the address changed.
ALTER TABLE account ADD COLUMN mail_bounced_at INTEGER;

-- When a mail last told a person their deadline. Not with the account, whose row has many indexes.
CREATE TABLE deadline_told (
    organization BLOB NOT NULL,
    account BLOB NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (organization, account)
) STRICT, WITHOUT ROWID;

-- A page of the mail queue in one state.
CREATE INDEX mail_state ON mail (organization, state, id);

-- The secret of the QR code that was shown before this one: what a wrong first code is compared with.
ALTER TABLE provisional_factor ADD COLUMN earlier_secret BLOB;

-- Whole steps by which the last resync moved what is accepted; the drift is what was learned since.
ALTER TABLE factor ADD COLUMN resynced INTEGER NOT NULL DEFAULT 0;

-- Failed sign-ins are counted for pictures; there are few among all entries.
CREATE INDEX audit_failed ON audit (organization, at)
    WHERE action IN ('sign_in.password', 'sign_in.code', 'sign_in.resync') AND outcome <> 'success';

CREATE TABLE job (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    -- What is to be done, as JSON.
    parameters TEXT NOT NULL,
    -- preview, waiting, running, done or canceled.
    state TEXT NOT NULL,
    -- Who asked for it, as JSON.
    actor TEXT NOT NULL,
    total INTEGER NOT NULL,
    -- Items up to this one are through: those without a reason are done.
    position INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_state ON job (organization, state, id);

CREATE TABLE job_item (
    organization BLOB NOT NULL,
    job BLOB NOT NULL,
    position INTEGER NOT NULL,
    account BLOB,
    -- Whom or what it is about, for the report.
    label TEXT NOT NULL,
    -- What a row of an imported file says, as JSON.
    payload TEXT NOT NULL,
    -- Why it was skipped; empty if it was or will be done.
    reason TEXT NOT NULL,
    PRIMARY KEY (organization, job, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_group (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    -- none, running or paused: whether membership requires MFA.
    rule TEXT NOT NULL,
    -- What the rule says: days, start, size of a wave, hours between waves, percent to pause at.
    rule_terms TEXT NOT NULL,
    next_wave_at INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX user_group_name ON user_group (organization, name_key);

CREATE TABLE group_member (
    organization BLOB NOT NULL,
    user_group BLOB NOT NULL,
    account BLOB NOT NULL,
    joined_at INTEGER NOT NULL,
    -- When the group's rule required MFA of the member; nothing if it is still to come.
    required_at INTEGER,
    PRIMARY KEY (organization, user_group, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_member_account ON group_member (organization, account);

CREATE TABLE recovery_code (
    organization BLOB NOT NULL,
    account BLOB NOT NULL,
    code_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (organization, account, code_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE hardware_token (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    serial TEXT NOT NULL,
    serial_key TEXT NOT NULL,
    model TEXT NOT NULL,
    secret BLOB NOT NULL,
    -- Whose it is; nothing while it is in stock.
    account BLOB,
    imported_at INTEGER NOT NULL,
    assigned_at INTEGER,
    confirmed_at INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX hardware_token_serial ON hardware_token (organization, serial_key);
CREATE UNIQUE INDEX hardware_token_account ON hardware_token (organization, account);

-- What an organization changed about a kind of mail: its words, or whether it goes out.
CREATE TABLE mail_text (
    organization BLOB NOT NULL,
    kind TEXT NOT NULL,
    revision INTEGER NOT NULL,
    -- on or off.
    state TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organization, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE logo (
    organization BLOB NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    image BLOB NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The key pair that evidence is signed with.
CREATE TABLE signing_key (
    organization BLOB NOT NULL,
    purpose TEXT NOT NULL,
    public_key BLOB NOT NULL,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, purpose)
) STRICT, WITHOUT ROWID;
