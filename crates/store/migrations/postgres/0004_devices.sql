-- Since when nothing that is forwarded is taken; nothing while it is taken.
ALTER TABLE log_stream ADD COLUMN failing_since BIGINT;

-- Devices: agents, who is bound to which, and what is laid down for each.

-- What an agent is installed with.
CREATE TABLE connect_key (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    revision BIGINT NOT NULL,
    token_hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Nothing for a key that doesn't run out.
    expires_at BIGINT,
    -- How many devices it may still enroll; nothing for any number.
    uses_left BIGINT,
    -- How many it has enrolled.
    uses BIGINT NOT NULL,
    -- New devices join this group of devices.
    device_group UUID,
    -- active or revoked.
    state TEXT NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX connect_key_token ON connect_key (organization, token_hash);

CREATE TABLE device (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    -- Counts what administrators change.
    revision BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- What lists are sorted and searched by.
    name_key TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    -- linux, windows or macos.
    platform TEXT NOT NULL,
    -- off or on: the device's own switch.
    mfa TEXT NOT NULL,
    -- All that is laid down for it, as JSON; its switch is above, too.
    rules TEXT NOT NULL,
    -- Counts how often MFA was switched on with "revert unless proven"; 0 if it isn't asked for.
    proof_attempt BIGINT NOT NULL,
    proof_seconds BIGINT NOT NULL,
    -- none, wanted, given or taken_back.
    proof TEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    connect_key UUID NOT NULL,
    PRIMARY KEY (organization, id)
);
-- An agent whose reply was lost enrolls with the same key again.
CREATE INDEX device_public_key ON device (organization, public_key);
CREATE INDEX device_name ON device (organization, name_key, id);
CREATE INDEX device_mfa ON device (organization, mfa, name_key, id);

-- What the agent and the server last told each other; a row of its own, because it changes by itself.
CREATE TABLE device_contact (
    organization UUID NOT NULL,
    device UUID NOT NULL,
    -- The revision of the state the device is to have, and its SHA-256.
    state_revision BIGINT NOT NULL,
    state_hash BYTEA NOT NULL,
    -- What it last said it applied: off, in_force, or blocked with a reason.
    applied_revision BIGINT NOT NULL,
    applied TEXT NOT NULL,
    applied_why TEXT NOT NULL,
    detail TEXT NOT NULL,
    hostname TEXT NOT NULL,
    system TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    -- present or missing.
    ssh_server TEXT NOT NULL,
    -- Microseconds that its clock is ahead of the server's.
    clock_ahead BIGINT NOT NULL,
    last_contact_at BIGINT NOT NULL,
    last_address TEXT NOT NULL,
    -- Its events up to this number are in the log.
    event_sequence BIGINT NOT NULL,
    PRIMARY KEY (organization, device)
);
CREATE INDEX device_contact_at ON device_contact (organization, last_contact_at);

-- A user who is bound to a device directly.
CREATE TABLE device_user (
    organization UUID NOT NULL,
    device UUID NOT NULL,
    account UUID NOT NULL,
    -- none, with_password or without_password.
    sudo TEXT NOT NULL,
    bound_at BIGINT NOT NULL,
    PRIMARY KEY (organization, device, account)
);
CREATE INDEX device_user_account ON device_user (organization, account, device);

-- What a device last said of a user's account on it, and whether it may take one over. It outlives the binding, so
-- that an account that was made is locked, and its lock is seen.
CREATE TABLE device_account (
    organization UUID NOT NULL,
    device UUID NOT NULL,
    account UUID NOT NULL,
    -- ask or confirmed.
    take_over TEXT NOT NULL,
    -- unknown, ready, locked, needs_take_over, name_refused or failed.
    state TEXT NOT NULL,
    -- The name it was last told under; nothing before that.
    name TEXT NOT NULL DEFAULT '',
    offline_until BIGINT,
    reported_at BIGINT,
    PRIMARY KEY (organization, device, account)
);
CREATE INDEX device_account_account ON device_account (organization, account, device);

CREATE TABLE device_group (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    revision BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX device_group_name ON device_group (organization, name_key);

CREATE TABLE device_group_member (
    organization UUID NOT NULL,
    device_group UUID NOT NULL,
    device UUID NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (organization, device_group, device)
);
CREATE INDEX device_group_member_device ON device_group_member (organization, device, device_group);

-- A group of users that is bound to a group of devices.
CREATE TABLE group_binding (
    organization UUID NOT NULL,
    device_group UUID NOT NULL,
    user_group UUID NOT NULL,
    sudo TEXT NOT NULL,
    bound_at BIGINT NOT NULL,
    PRIMARY KEY (organization, device_group, user_group)
);
CREATE INDEX group_binding_user_group ON group_binding (organization, user_group, device_group);

CREATE TABLE break_glass (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    device UUID NOT NULL,
    account UUID NOT NULL,
    -- SHA-256 of the code.
    code_hash BYTEA NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (organization, device, account, id)
);

-- S3.1: what a user is on a Unix system; nothing here for whoever has no more than a name.
CREATE TABLE account_posix (
    organization UUID NOT NULL,
    account UUID NOT NULL,
    uid BIGINT,
    gid BIGINT,
    shell TEXT NOT NULL,
    PRIMARY KEY (organization, account)
);
CREATE UNIQUE INDEX account_posix_uid ON account_posix (organization, uid);

CREATE TABLE account_ssh_key (
    organization UUID NOT NULL,
    account UUID NOT NULL,
    -- SHA-256 of the key itself.
    fingerprint BYTEA NOT NULL,
    -- Type, key and comment, as in authorized_keys.
    line TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (organization, account, fingerprint)
);
