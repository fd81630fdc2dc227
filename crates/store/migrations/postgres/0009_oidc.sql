-- What an application was given when somebody was let in: a code, then tokens. They end together.
CREATE TABLE oidc_grant (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    application UUID NOT NULL,
    account UUID NOT NULL,
    -- The browser's session that it comes from and ends with.
    session UUID NOT NULL,
    -- SHA-256 of the code, and until when it is good.
    code_hash BYTEA NOT NULL,
    code_until BIGINT NOT NULL,
    redeemed_at BIGINT,
    -- What must come with the code.
    redirect TEXT NOT NULL,
    challenge TEXT NOT NULL,
    -- What its tokens say: scopes with spaces between, how the person was recognized, and when.
    nonce TEXT,
    scopes TEXT NOT NULL,
    recognized TEXT NOT NULL,
    recognized_at BIGINT NOT NULL,
    context TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX oidc_grant_code ON oidc_grant (organization, code_hash);
CREATE INDEX oidc_grant_account ON oidc_grant (organization, account);
CREATE INDEX oidc_grant_application ON oidc_grant (organization, application);

-- Tokens of a grant, by their SHA-256.
CREATE TABLE oidc_token (
    organization UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    grant_id UUID NOT NULL,
    -- access or refresh.
    kind TEXT NOT NULL,
    -- When a refresh token had its turn.
    used_at BIGINT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (organization, token_hash)
);
CREATE INDEX oidc_token_grant ON oidc_token (organization, grant_id);

-- What ID tokens are signed with, one turn after another.
CREATE TABLE oidc_key (
    organization UUID NOT NULL,
    id UUID NOT NULL,
    -- RS256 or ES256.
    algorithm TEXT NOT NULL,
    turn BIGINT NOT NULL,
    -- RSAPublicKey in DER, or the point.
    public_key BYTEA NOT NULL,
    -- The private key, sealed: PKCS #8, DER.
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX oidc_key_turn ON oidc_key (organization, algorithm, turn);

-- When the client's secret was made, and the one before it while it is still taken.
ALTER TABLE application ADD COLUMN secret_made_at BIGINT;
ALTER TABLE application ADD COLUMN old_secret_hash BYTEA;
ALTER TABLE application ADD COLUMN old_secret_until BIGINT;
