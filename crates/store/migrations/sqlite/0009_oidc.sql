-- What an application was given when somebody was let in: a code, then tokens. They end together.
CREATE TABLE oidc_grant (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    application BLOB NOT NULL,
    account BLOB NOT NULL,
    -- The browser's session that it comes from and ends with.
    session BLOB NOT NULL,
    -- SHA-256 of the code, and until when it is good.
    code_hash BLOB NOT NULL,
    code_until INTEGER NOT NULL,
    redeemed_at INTEGER,
    -- What must come with the code.
    redirect TEXT NOT NULL,
    challenge TEXT NOT NULL,
    -- What its tokens say: scopes with spaces between, how the person was recognized, and when.
    nonce TEXT,
    scopes TEXT NOT NULL,
    recognized TEXT NOT NULL,
    recognized_at INTEGER NOT NULL,
    context TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX oidc_grant_code ON oidc_grant (organization, code_hash);
CREATE INDEX oidc_grant_account ON oidc_grant (organization, account);
CREATE INDEX oidc_grant_application ON oidc_grant (organization, application);

-- Tokens of a grant, by their SHA-256.
CREATE TABLE oidc_token (
    organization BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    -- access or refresh.
    kind TEXT NOT NULL,
    -- When a refresh token had its turn.
    used_at INTEGER,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (organization, token_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_token_grant ON oidc_token (organization, grant_id);

-- What ID tokens are signed with, one turn after another.
CREATE TABLE oidc_key (
    organization BLOB NOT NULL,
    id BLOB NOT NULL,
    -- RS256 or ES256.
    algorithm TEXT NOT NULL,
    turn INTEGER NOT NULL,
    -- RSAPublicKey in DER, or the point.
    public_key BLOB NOT NULL,
    -- The private key, sealed: PKCS #8, DER.
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    signs_from INTEGER NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX oidc_key_turn ON oidc_key (organization, algorithm, turn);

-- When the client's secret was made, and the one before it while it is still taken.
ALTER TABLE application ADD COLUMN secret_made_at INTEGER;
ALTER TABLE application ADD COLUMN old_secret_hash BLOB;
ALTER TABLE application ADD COLUMN old_secret_until INTEGER;
