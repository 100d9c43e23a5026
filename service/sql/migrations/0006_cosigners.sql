-- Cosigners: people elsewhere whose software signs our checkpoints, with the time, after checking that they continue what it saw.
-- Never deleted: what a retired one signed stays signed.
CREATE TABLE cosigner (
    name text PRIMARY KEY,  -- what policies call it
    vkey text NOT NULL UNIQUE,
    url text NOT NULL,  -- where it takes `add-checkpoint`
    active boolean NOT NULL DEFAULT true,
    added_at timestamptz NOT NULL
);
CREATE TRIGGER never_deleted BEFORE DELETE ON cosigner FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- How many of them a proof needs; 0: none.
CREATE TABLE quorum (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    needed integer NOT NULL CHECK (needed >= 0)
);
INSERT INTO quorum (needed) VALUES (0);

-- Only lines that verified. Proofs carry the first, whose time proves most; the served checkpoint carries the newest.
CREATE TABLE log_cosignature (
    shard text NOT NULL,
    size bigint NOT NULL,
    cosigner text NOT NULL REFERENCES cosigner,
    first_line text NOT NULL,
    newest_line text NOT NULL,
    first_at timestamptz NOT NULL,  -- when we got it; the time that counts is in the line
    newest_at timestamptz NOT NULL,
    PRIMARY KEY (shard, size, cosigner),
    FOREIGN KEY (shard, size) REFERENCES log_checkpoint
);

-- Checkpoints that met the quorum asked for at the time: from these, and only these, proofs are made. What was issued once can
-- always be issued again, whatever is asked for later. A row is added only behind all others of its log.
CREATE TABLE log_complete (
    shard text NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (shard, size),
    FOREIGN KEY (shard, size) REFERENCES log_checkpoint
);
INSERT INTO log_complete (shard, size) SELECT shard, size FROM log_checkpoint;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON log_complete FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What each cosigner last said about each log: the size it remembers, and what went wrong, in words; null where all is well.
CREATE TABLE cosigner_answer (
    cosigner text NOT NULL REFERENCES cosigner,
    shard text NOT NULL REFERENCES log_head,
    size bigint,
    zh text,
    en text,
    at timestamptz NOT NULL,
    PRIMARY KEY (cosigner, shard)
);
