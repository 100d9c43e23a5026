-- The ceremony: cards of those who give numbers, scans of what they signed on paper, and two typings that differ.

-- A personal address (/w/<token>) on a printed card. Whoever holds it sees the state of one draw and, before the freeze, may offer a key.
CREATE TABLE witness_card (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    draw text NOT NULL REFERENCES draw,
    label text NOT NULL,
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    issued_by bigint NOT NULL REFERENCES staff,
    issued_at timestamptz NOT NULL,
    revoked_at timestamptz,
    key text,  -- offered by the phone, base64; in force only once an operator has taken it into the draft and the plan is frozen
    key_at timestamptz,
    CHECK ((key IS NULL) = (key_at IS NULL))
);
-- One card in force for one giver.
CREATE UNIQUE INDEX witness_card_in_force ON witness_card (draw, label) WHERE revoked_at IS NULL;

-- Scans of signed paper, named by the digest that stands in the contribution. For auditors; only added.
CREATE TABLE paper_scan (
    draw text NOT NULL REFERENCES draw,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    label text NOT NULL,
    media_type text NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
    data bytea NOT NULL CHECK (length(data) BETWEEN 1 AND 20971520),
    kept_by bigint NOT NULL REFERENCES staff,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (draw, sha256)
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON paper_scan FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- When the second typing last differed from the first. Of what was typed the second time nothing is kept.
ALTER TABLE step ADD COLUMN differed_at timestamptz;
