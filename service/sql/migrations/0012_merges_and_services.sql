-- Registries: services that keep people away, duplicates that were made one, items that ended, and how to find twins in a million.

-- One firm (or organisation) served another: in force from `since` to `until`. The service makes conflicts of it (service/serving.py).
CREATE TABLE service (
    provider text NOT NULL,  -- number of an expert, or name or credit code of an organisation
    provider_kind text NOT NULL CHECK (provider_kind IN ('expert', 'organisation')),
    target text NOT NULL CHECK (target ~ '^[0-9A-Za-z._-]{1,64}$'),
    since date NOT NULL,
    until date CHECK (until >= since),  -- null: still going on
    what text NOT NULL DEFAULT '',
    evidence text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, target, since)
);
CREATE INDEX service_order ON service (provider COLLATE "C", target COLLATE "C", since);
CREATE INDEX service_of_target ON service (target);
CREATE INDEX conflict_of_target ON conflict (target);

ALTER TABLE item ADD COLUMN status text NOT NULL DEFAULT 'active';

ALTER TABLE import_batch DROP CONSTRAINT import_batch_kind_check;
ALTER TABLE import_batch ADD CONSTRAINT import_batch_kind_check
    CHECK (kind IN ('targets', 'items', 'inspectors', 'experts', 'conflicts', 'services', 'inspections'));
INSERT INTO registry_version (kind) VALUES ('services');

-- ---------------------------------------------------------------- duplicates

-- Asked for by one person, agreed to or refused by another. `kept` null asks to undo the merge of `alias`.
CREATE TABLE merge_proposal (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    alias text NOT NULL REFERENCES target,
    kept text REFERENCES target CHECK (kept <> alias),
    reason text NOT NULL CHECK (reason <> ''),
    proposed_by bigint NOT NULL REFERENCES staff,
    proposed_at timestamptz NOT NULL,
    closed text CHECK (closed IN ('confirmed', 'refused')),
    closed_by bigint REFERENCES staff,
    closed_at timestamptz
);
-- One open proposal for one alias: a double click finds the first one.
CREATE UNIQUE INDEX merge_open ON merge_proposal (alias) WHERE closed IS NULL;

-- What was merged, and unmerged (`kept` null), for ever; the newest row of an alias is what holds.
CREATE TABLE target_merge (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    proposal uuid NOT NULL UNIQUE REFERENCES merge_proposal,
    alias text NOT NULL REFERENCES target,
    kept text REFERENCES target CHECK (kept <> alias),
    reason text NOT NULL CHECK (reason <> ''),
    by bigint NOT NULL REFERENCES staff,
    confirmed_by bigint NOT NULL REFERENCES staff CHECK (confirmed_by <> by),
    at timestamptz NOT NULL,
    version bigint NOT NULL UNIQUE  -- of the registry of targets, which a merge changes as an import does
);
CREATE INDEX target_merge_newest ON target_merge (alias, id DESC);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON target_merge FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- alias -> what it was merged into, as it stands now, through every chain.
CREATE VIEW target_alias AS
    WITH RECURSIVE standing AS (
        SELECT alias, kept FROM (SELECT DISTINCT ON (alias) alias, kept FROM target_merge ORDER BY alias, id DESC) AS newest
        WHERE kept IS NOT NULL
    ), chain AS (
        SELECT alias, kept FROM standing
        UNION ALL SELECT chain.alias, standing.kept FROM chain JOIN standing ON standing.alias = chain.kept
    )
    SELECT alias, kept FROM chain WHERE NOT EXISTS (SELECT FROM standing WHERE standing.alias = chain.kept);

-- A way from `kept` on would have to end in `alias` for a cycle to come to be; there is none, because `kept` must have no way on.
-- The lock lets one merge in at a time, so that what was read here still holds when the row is written.
CREATE FUNCTION refuse_tangle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE target_merge IN SHARE ROW EXCLUSIVE MODE;
    IF NEW.kept IS NULL THEN
        IF NOT EXISTS (SELECT FROM target_alias WHERE alias = NEW.alias) THEN
            RAISE EXCEPTION '% is not merged', NEW.alias USING ERRCODE = 'check_violation';
        END IF;
    ELSIF EXISTS (SELECT FROM target_alias WHERE alias IN (NEW.alias, NEW.kept)) THEN
        RAISE EXCEPTION '% or % is merged already', NEW.alias, NEW.kept USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_cycle BEFORE INSERT ON target_merge FOR EACH ROW EXECUTE FUNCTION refuse_tangle();

-- What twins have in common, as numbers short enough that a million of them are read in one go. Two texts may share a number by chance;
-- whoever shows twins compares the texts.
--   core   the organisation code inside a credit code, or a number of the old kinds without its separators
--   named  the name as it is compared
--   placed the address with the initials of the name: a firm written with another character of the same sound
ALTER TABLE target
    ADD COLUMN core bigint GENERATED ALWAYS AS (hashtextextended(
        CASE WHEN length(id) = 18 THEN upper(substr(id, 9, 9)) ELSE upper(translate(id, '._-', '')) END, 0)) STORED,
    ADD COLUMN named bigint GENERATED ALWAYS AS (hashtextextended(lower(replace(normalize(name, NFKC), ' ', '')), 0)) STORED,
    ADD COLUMN placed bigint GENERATED ALWAYS AS (
        CASE WHEN address <> '' AND initials IS NOT NULL
        THEN hashtextextended(lower(replace(normalize(address, NFKC), ' ', '')) || E'\n' || initials, 0) END) STORED;
CREATE INDEX target_core ON target (core, id);
CREATE INDEX target_named ON target (named, id);
CREATE INDEX target_placed ON target (placed, id) WHERE placed IS NOT NULL;

-- ---------------------------------------------------------------- versions

-- Changes of rows that were there already: what most people look for after a large import.
CREATE INDEX registry_change_edits ON registry_change (kind, version) WHERE changes IS NOT NULL;

-- Every version of every registry with who made it: an import that was confirmed, or a merge.
CREATE VIEW registry_step AS
    SELECT kind, version, confirmed_at AS at, confirmed_by AS by, filename AS what, id AS import, NULL::uuid AS merge,
           (counts ->> 'new')::bigint AS added, (counts ->> 'changed')::bigint AS changed
    FROM import_batch WHERE version IS NOT NULL
    UNION ALL
    SELECT 'targets', version, at, confirmed_by, alias || coalesce(' → ' || kept, ''), NULL, proposal, 0, 1 FROM target_merge;

-- ---------------------------------------------------------------- one row typed into a form

-- A row typed into a form is a file of one row; this says so to its check page.
ALTER TABLE import_batch ADD COLUMN by_hand boolean NOT NULL DEFAULT false;

CREATE INDEX draw_target_of ON draw_target (target);
