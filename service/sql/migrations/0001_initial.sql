-- double-random, schema 1.
--
-- Who is trusted here: the database is trusted to keep what it was given and nothing more. What it holds of a draw is signed
-- and logged, so a changed row shows as a signature or a root that does not fit; a deleted one as a gap in the log. Whoever
-- owns the database can still refuse service, and can read the people behind the ids: keep its backups accordingly.
--
-- Rows of documents, log and access log are only ever added. No route, job or right of the service deletes or repeats a draw.

-- The bureau of this installation: one row.
CREATE TABLE bureau (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    label text NOT NULL CHECK (label ~ '^[a-z0-9-]{1,32}$'),
    name text NOT NULL,
    section text NOT NULL CHECK (section ~ '^[a-z0-9-]{1,32}$'),  -- the department that leads its draws
    created_at timestamptz NOT NULL DEFAULT now()
);

-- ---------------------------------------------------------------- people who use the service

CREATE TABLE staff (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9._-]{2,64}$'),
    name text NOT NULL,
    password_hash text NOT NULL,  -- argon2id
    roles text[] NOT NULL,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE staff_session (
    token_sha256 bytea PRIMARY KEY,  -- the token itself is only in the cookie
    staff bigint NOT NULL REFERENCES staff,
    csrf text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX staff_session_of ON staff_session (staff);

CREATE TABLE login_failure (
    login text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_failure_recent ON login_failure (login, at);

-- Every action of staff, for ever.
CREATE TABLE access_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    staff bigint REFERENCES staff,
    action text NOT NULL,
    subject text NOT NULL
);

-- ---------------------------------------------------------------- registries (living lists)

CREATE TABLE target (
    id text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z._-]{1,64}$'),
    name text NOT NULL,
    area text NOT NULL DEFAULT '',
    sector text NOT NULL DEFAULT '',
    risk_colour text NOT NULL DEFAULT '' CHECK (risk_colour IN ('', 'red', 'orange', 'yellow', 'blue')),
    credit_class text NOT NULL DEFAULT '',
    standardisation text NOT NULL DEFAULT '',
    entity_type text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    established date,
    status text NOT NULL DEFAULT '',
    last_inspected date,
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE item (
    id text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z._-]{1,64}$'),
    name text NOT NULL,
    department text NOT NULL DEFAULT '',
    legal_basis text NOT NULL,
    mandatory boolean NOT NULL,
    classes text[] NOT NULL,
    method text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE inspector (
    number text PRIMARY KEY,  -- certificate number
    name text NOT NULL,
    unit text NOT NULL DEFAULT '',
    department text NOT NULL DEFAULT '',
    areas text[] NOT NULL,
    specialities text[] NOT NULL,
    certificate_expires date,  -- null: long-term
    capacity integer NOT NULL CHECK (capacity BETWEEN 0 AND 9999),
    lead boolean NOT NULL,
    status text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE expert (
    number text PRIMARY KEY,
    name text NOT NULL,
    employer text NOT NULL DEFAULT '',
    department text NOT NULL DEFAULT '',
    areas text[] NOT NULL,
    specialities text[] NOT NULL,
    term_ends date,
    capacity integer NOT NULL CHECK (capacity BETWEEN 0 AND 9999),
    serves text[] NOT NULL,  -- firms this expert works for: each is a conflict
    status text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE conflict (
    person text NOT NULL,  -- number of an inspector or expert
    target text NOT NULL,
    reason text NOT NULL,
    evidence text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person, target)
);

-- A checked file waits here until someone confirms it; until then the registries know nothing of it.
CREATE TABLE import_batch (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('targets', 'items', 'inspectors', 'experts', 'conflicts')),
    filename text NOT NULL,
    sha256 text NOT NULL,
    content bytea NOT NULL,
    counts jsonb NOT NULL,
    report jsonb NOT NULL,  -- what the person who confirms has seen
    rejected bytea NOT NULL,  -- refused rows with reasons, CSV
    verdicts text NOT NULL,  -- digest of the fate of every row; confirming writes only if it is still the same
    checked_by bigint REFERENCES staff,
    checked_at timestamptz NOT NULL DEFAULT now(),
    registry_version bigint NOT NULL,  -- what the check compared with; confirming checks again if it moved
    confirmed_by bigint REFERENCES staff,
    confirmed_at timestamptz
);

-- Rises with every confirmed import of a kind.
CREATE TABLE registry_version (
    kind text PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0
);
INSERT INTO registry_version (kind) VALUES ('targets'), ('items'), ('inspectors'), ('experts'), ('conflicts');

-- ---------------------------------------------------------------- documents and blobs

-- Bytes named by their digest. `public` says whether they may be served: `reasons` and unopened results may not.
CREATE TABLE blob (
    sha256 text PRIMARY KEY,
    data bytea NOT NULL,
    public boolean NOT NULL
);

CREATE TABLE draw (
    id text PRIMARY KEY,
    year integer NOT NULL,
    number integer NOT NULL,
    attempt integer NOT NULL,
    -- draft: being prepared; frozen: list locked and logged; contributed: all numbers are in; drawn: outcome logged;
    -- sealed: outcome committed, not shown; opened: shown after sealing; voided: ended before T
    state text NOT NULL CHECK (state IN ('draft', 'frozen', 'contributed', 'drawn', 'sealed', 'opened', 'voided')),
    title text NOT NULL,
    task text NOT NULL,
    draft jsonb NOT NULL,  -- what was asked for
    plan text UNIQUE,  -- S, once frozen
    instant timestamptz,
    opens timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (year, number, attempt)
);
-- A task has at most one unfinished plan.
CREATE UNIQUE INDEX draw_unfinished ON draw (task) WHERE state IN ('draft', 'frozen', 'contributed');
CREATE INDEX draw_to_open ON draw (opens) WHERE state = 'sealed';

-- What the bureau alone knows of a frozen draw: the nonce, who is behind the ids, every conflict's salt.
CREATE TABLE draw_secret (
    draw text PRIMARY KEY REFERENCES draw,
    nonce text NOT NULL,
    opened bytea NOT NULL,  -- the blob `opened` for ALL targets that have conflicts; published for drawn ones only
    disclosures jsonb NOT NULL  -- person id -> [registry number, RFC 9901 disclosure]
);

-- The transcript of a draw, kept here from the moment of its outcome; of a sealed draw nobody outside may see it before the opening.
CREATE TABLE draw_result (
    draw text PRIMARY KEY REFERENCES draw,
    result bytea NOT NULL
);

-- Replacements decided while sealed: committed to in the log, shown with the opening.
CREATE TABLE sealed_event (
    draw text NOT NULL REFERENCES draw,
    sequence integer NOT NULL,
    event jsonb NOT NULL,
    PRIMARY KEY (draw, sequence)
);

-- Staff appear in documents by an id that is fresh for every draw.
CREATE TABLE draw_actor (
    draw text NOT NULL REFERENCES draw,
    staff bigint NOT NULL REFERENCES staff,
    actor text NOT NULL UNIQUE,
    PRIMARY KEY (draw, staff)
);

CREATE TABLE document (
    sha256 text PRIMARY KEY,
    kind text NOT NULL,
    draw text NOT NULL REFERENCES draw,
    subject text NOT NULL,  -- what there may be one of: a contributor, an event's number, a result's id and revision
    data bytea NOT NULL,
    envelope bytea NOT NULL,
    shard text NOT NULL,
    leaf_index bigint NOT NULL,
    logged_at timestamptz NOT NULL,
    UNIQUE (draw, kind, subject),
    UNIQUE (shard, leaf_index)
);
-- The constraint behind "draw once": exactly one outcome per plan, of either kind, and never both an outcome and a void.
CREATE UNIQUE INDEX one_outcome ON document (draw) WHERE kind IN ('draw-outcome/v1', 'sealed-outcome/v1', 'draw-void/v1');

-- A step that several people take from their own accounts; it is performed, once, when the last of them agrees.
CREATE TABLE step (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    draw text NOT NULL REFERENCES draw,
    kind text NOT NULL,  -- document kind
    subject text NOT NULL,
    request jsonb NOT NULL,
    done text REFERENCES document (sha256),  -- the document it led to
    withdrawn boolean NOT NULL DEFAULT false,  -- by the one who proposed it, before it was done
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (done IS NULL OR NOT withdrawn)
);
-- One open step for one thing: a double click finds the first one.
CREATE UNIQUE INDEX step_open ON step (draw, kind, subject) WHERE done IS NULL AND NOT withdrawn;

CREATE TABLE step_agreement (
    step uuid NOT NULL REFERENCES step,
    position smallint NOT NULL,  -- in the list of roles of the kind
    role text NOT NULL,
    staff bigint NOT NULL REFERENCES staff,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (step, position),
    UNIQUE (step, staff)
);

-- Newest revision per result; every revision stays in `document`.
CREATE TABLE result (
    id text PRIMARY KEY,  -- <draw id>.<target>
    draw text NOT NULL REFERENCES draw,
    target text NOT NULL,
    rev integer NOT NULL,
    document text NOT NULL REFERENCES document (sha256),
    code text NOT NULL,
    issued_at timestamptz NOT NULL
);
CREATE INDEX result_of_target ON result (target);

-- Disclosures of names that are open, by digest; deleting one redacts the name everywhere.
CREATE TABLE disclosure (
    digest text PRIMARY KEY,
    draw text NOT NULL REFERENCES draw,
    kind text NOT NULL CHECK (kind IN ('person', 'subject')),
    text text NOT NULL,
    opened_at timestamptz NOT NULL
);

-- Names of firms as they were when frozen, for the pages of the draw (firms only; people are behind ids).
CREATE TABLE draw_target (
    draw text NOT NULL REFERENCES draw,
    target text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (draw, target)
);

-- ---------------------------------------------------------------- the log

-- The sequencer's row: whoever holds its lock appends. Created by `log-create`, never by a request.
CREATE TABLE log_head (
    shard text PRIMARY KEY,  -- last part of the origin, as in /log/<shard>/
    origin text NOT NULL UNIQUE,
    size bigint NOT NULL,
    edge bytea[] NOT NULL,  -- right edge of the tree, largest subtree first
    last_at timestamptz NOT NULL,  -- claimed time of the newest entry; the next one never claims an earlier
    active boolean NOT NULL
);
CREATE UNIQUE INDEX log_one_active ON log_head (active) WHERE active;

CREATE TABLE log_entry (
    shard text NOT NULL REFERENCES log_head,
    index bigint NOT NULL,
    leaf bytea NOT NULL,
    PRIMARY KEY (shard, index)
);

-- Hashes of complete subtrees; level 0 are the leaf hashes. Every proof reads O(log n) of them.
CREATE TABLE log_hash (
    shard text NOT NULL REFERENCES log_head,
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (shard, level, index)
);

-- Checkpoints we signed, all of them. A size is signed once; a crash after COMMIT and before this row signs it again, equally.
CREATE TABLE log_checkpoint (
    shard text NOT NULL REFERENCES log_head,
    size bigint NOT NULL,
    note bytea NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shard, size)
);

-- Added, never changed: not even by a mistake of ours.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME;
END $$;
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON document FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON log_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON log_hash FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON log_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON draw_result FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON sealed_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_deleted BEFORE DELETE ON draw FOR EACH ROW EXECUTE FUNCTION refuse_change();
