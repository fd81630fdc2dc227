-- Policies and commands for devices (S9).
CREATE TABLE policy (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    -- Counts what administrators change.
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    -- The word of the template, and all that is laid down, as JSON.
    template TEXT NOT NULL,
    laid_down TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX policy_name ON policy (organization, name_key);

CREATE TABLE policy_device (
    organization BLOB NOT NULL,
    policy BLOB NOT NULL,
    device BLOB NOT NULL,
    PRIMARY KEY (organization, policy, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_device_device ON policy_device (organization, device, policy);

CREATE TABLE policy_group (
    organization BLOB NOT NULL,
    policy BLOB NOT NULL,
    device_group BLOB NOT NULL,
    PRIMARY KEY (organization, policy, device_group)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_group_group ON policy_group (organization, device_group, policy);

-- What a device last said of a policy.
CREATE TABLE device_policy (
    organization BLOB NOT NULL,
    device BLOB NOT NULL,
    policy BLOB NOT NULL,
    -- Of the policy.
    revision INTEGER NOT NULL,
    -- applied or failed.
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- How often it found something else and put it right, and when it did so last.
    corrected INTEGER NOT NULL,
    corrected_at INTEGER,
    reported_at INTEGER NOT NULL,
    PRIMARY KEY (organization, device, policy)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_policy_policy ON device_policy (organization, policy, device);

CREATE TABLE command (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    -- Counts what administrators change.
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    -- shell or powershell.
    shell TEXT NOT NULL,
    script TEXT NOT NULL,
    timeout_seconds INTEGER NOT NULL,
    -- For how long a device that is away may take it up.
    wait_hours INTEGER NOT NULL,
    -- never, or when it runs by itself; on whose behalf, as JSON; and when it does so next.
    schedule TEXT NOT NULL,
    scheduled_by TEXT NOT NULL,
    next_run_at INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX command_name ON command (organization, name_key);
CREATE INDEX command_due ON command (organization, next_run_at) WHERE next_run_at IS NOT NULL;

CREATE TABLE command_device (
    organization BLOB NOT NULL,
    command BLOB NOT NULL,
    device BLOB NOT NULL,
    PRIMARY KEY (organization, command, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_device_device ON command_device (organization, device, command);

CREATE TABLE command_group (
    organization BLOB NOT NULL,
    command BLOB NOT NULL,
    device_group BLOB NOT NULL,
    PRIMARY KEY (organization, command, device_group)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_group_group ON command_group (organization, device_group, command);

-- A run with everything as it was when it was asked for.
CREATE TABLE command_run (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    command BLOB NOT NULL,
    name TEXT NOT NULL,
    shell TEXT NOT NULL,
    script TEXT NOT NULL,
    timeout_seconds INTEGER NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    -- Who has not begun by then doesn't begin any more.
    expires_at INTEGER NOT NULL,
    canceled_at INTEGER,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_run_command ON command_run (organization, command, id);

-- The run on one device.
CREATE TABLE command_result (
    organization BLOB NOT NULL,
    run BLOB NOT NULL,
    device BLOB NOT NULL,
    -- waiting, running, or how it ended.
    state TEXT NOT NULL,
    exit_code INTEGER,
    output TEXT NOT NULL,
    detail TEXT NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (organization, run, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_result_device ON command_result (organization, device, run);
-- What a device is still to be told of.
CREATE INDEX command_result_open ON command_result (organization, device, run) WHERE state IN ('waiting', 'running');
