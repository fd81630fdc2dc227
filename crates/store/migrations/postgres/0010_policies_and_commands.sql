-- Policies and commands for devices (S9).
CREATE TABLE policy (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    -- Counts what administrators change.
    revision BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    description TEXT NOT NULL,
    -- The word of the template, and all that is laid down, as JSON.
    template TEXT NOT NULL,
    laid_down TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX policy_name ON policy (organization, name_key);

CREATE TABLE policy_device (
    organization UUID NOT NULL,
    policy UUID NOT NULL,
    device UUID NOT NULL,
    PRIMARY KEY (organization, policy, device)
);
CREATE INDEX policy_device_device ON policy_device (organization, device, policy);

CREATE TABLE policy_group (
    organization UUID NOT NULL,
    policy UUID NOT NULL,
    device_group UUID NOT NULL,
    PRIMARY KEY (organization, policy, device_group)
);
CREATE INDEX policy_group_group ON policy_group (organization, device_group, policy);

-- What a device last said of a policy.
CREATE TABLE device_policy (
    organization UUID NOT NULL,
    device UUID NOT NULL,
    policy UUID NOT NULL,
    -- Of the policy.
    revision BIGINT NOT NULL,
    -- applied or failed.
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- How often it found something else and put it right, and when it did so last.
    corrected BIGINT NOT NULL,
    corrected_at BIGINT,
    reported_at BIGINT NOT NULL,
    PRIMARY KEY (organization, device, policy)
);
CREATE INDEX device_policy_policy ON device_policy (organization, policy, device);

CREATE TABLE command (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    -- Counts what administrators change.
    revision BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    description TEXT NOT NULL,
    -- shell or powershell.
    shell TEXT NOT NULL,
    script TEXT NOT NULL,
    timeout_seconds BIGINT NOT NULL,
    -- For how long a device that is away may take it up.
    wait_hours BIGINT NOT NULL,
    -- never, or when it runs by itself; on whose behalf, as JSON; and when it does so next.
    schedule TEXT NOT NULL,
    scheduled_by TEXT NOT NULL,
    next_run_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX command_name ON command (organization, name_key);
CREATE INDEX command_due ON command (organization, next_run_at) WHERE next_run_at IS NOT NULL;

CREATE TABLE command_device (
    organization UUID NOT NULL,
    command UUID NOT NULL,
    device UUID NOT NULL,
    PRIMARY KEY (organization, command, device)
);
CREATE INDEX command_device_device ON command_device (organization, device, command);

CREATE TABLE command_group (
    organization UUID NOT NULL,
    command UUID NOT NULL,
    device_group UUID NOT NULL,
    PRIMARY KEY (organization, command, device_group)
);
CREATE INDEX command_group_group ON command_group (organization, device_group, command);

-- A run with everything as it was when it was asked for.
CREATE TABLE command_run (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    command UUID NOT NULL,
    name TEXT NOT NULL,
    shell TEXT NOT NULL,
    script TEXT NOT NULL,
    timeout_seconds BIGINT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    -- Who has not begun by then doesn't begin any more.
    expires_at BIGINT NOT NULL,
    canceled_at BIGINT,
    PRIMARY KEY (organization, id)
);
CREATE INDEX command_run_command ON command_run (organization, command, id);

-- The run on one device.
CREATE TABLE command_result (
    organization UUID NOT NULL,
    run UUID NOT NULL,
    device UUID NOT NULL,
    -- waiting, running, or how it ended.
    state TEXT NOT NULL,
    exit_code BIGINT,
    output TEXT NOT NULL,
    detail TEXT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (organization, run, device)
);
CREATE INDEX command_result_device ON command_result (organization, device, run);
-- What a device is still to be told of.
CREATE INDEX command_result_open ON command_result (organization, device, run) WHERE state IN ('waiting', 'running');
