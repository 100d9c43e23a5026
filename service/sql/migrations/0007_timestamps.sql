-- RFC 3161 time stamps over checkpoints, by authorities that the administrator names.

CREATE TABLE timestamp_authority (
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9-]{1,32}$'),
    url text NOT NULL,
    root bytea NOT NULL,  -- DER certificate under which its answers are believed; part of the policy we propose
    tried_at timestamptz,  -- when it was asked last; it is asked once a day, or an hour after it did not answer well
    trouble text,  -- why the last answer was none; null if it was good
    added_at timestamptz NOT NULL
);

-- What was asked and answered, verified before it was stored. The time is the authority's.
CREATE TABLE timestamp_token (
    shard text NOT NULL,
    size bigint NOT NULL,
    authority text NOT NULL REFERENCES timestamp_authority,
    request bytea NOT NULL,
    response bytea NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (shard, size, authority),
    FOREIGN KEY (shard, size) REFERENCES log_checkpoint (shard, size)
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON timestamp_token FOR EACH ROW EXECUTE FUNCTION refuse_change();
