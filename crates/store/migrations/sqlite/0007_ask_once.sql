-- S8.13b: how many hours a code is good for on all devices of a group; nothing for every login.
ALTER TABLE device_group ADD COLUMN ask_once_hours INTEGER;

-- A login at SSH with a key and a code. Later ones with the same key from the same address are spared the code.
CREATE TABLE remembered_login (
    organization BLOB NOT NULL,
    account BLOB NOT NULL,
    device_group BLOB NOT NULL,
    -- SHA-256 of the public key.
    key_hash BLOB NOT NULL,
    -- The address, as it is written in the shortest way.
    address TEXT NOT NULL,
    factor BLOB NOT NULL,
    -- Where the code was given.
    device BLOB NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (organization, account, device_group, key_hash, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX remembered_login_group ON remembered_login (organization, device_group, since);
CREATE INDEX remembered_login_device ON remembered_login (organization, device);
CREATE INDEX remembered_login_until ON remembered_login (organization, until);
