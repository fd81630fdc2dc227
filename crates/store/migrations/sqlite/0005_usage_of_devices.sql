-- Usage: the devices that called in a month that is not closed yet, each once.
CREATE TABLE usage_device (
    organization BLOB NOT NULL,
    month INTEGER NOT NULL,
    device BLOB NOT NULL,
    PRIMARY KEY (organization, month, device)
) STRICT, WITHOUT ROWID;
