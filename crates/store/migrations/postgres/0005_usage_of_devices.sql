-- Usage: the devices that called in a month that is not closed yet, each once.
CREATE TABLE usage_device (
    organization UUID NOT NULL,
    month BIGINT NOT NULL,
    device UUID NOT NULL,
    PRIMARY KEY (organization, month, device)
);
