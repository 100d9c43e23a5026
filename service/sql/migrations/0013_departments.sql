-- Several departments in one installation: each sees its own, campaigns are shared (ADR 27).

-- Whose account it is; null: the whole bureau's, which sees everything.
ALTER TABLE staff ADD COLUMN department text REFERENCES section;
ALTER TABLE staff ADD CONSTRAINT administrator_of_all CHECK (department IS NULL OR NOT 'administrator' = ANY(roles));

-- Which departments take part in a draw, by label, the leading one first: those of its draft, or of the draw whose teams it draws anew.
-- Kept here and not by the service, so that no way of writing a draft leaves it behind.
ALTER TABLE draw ADD COLUMN sections text[];

CREATE FUNCTION name_sections() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE lead text := (SELECT section FROM bureau);
BEGIN
    NEW.sections := (SELECT sections FROM draw WHERE id = NEW.draft ->> 'teams_of');
    IF NEW.sections IS NULL THEN
        NEW.sections := ARRAY[coalesce(lead, '')] || ARRAY(
            SELECT label FROM jsonb_array_elements_text(
                CASE jsonb_typeof(NEW.draft -> 'sections') WHEN 'array' THEN NEW.draft -> 'sections' ELSE '[]' END
            ) WITH ORDINALITY AS named (label, place) WHERE label IS DISTINCT FROM lead ORDER BY place);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sections_of_draft BEFORE INSERT OR UPDATE OF draft ON draw FOR EACH ROW EXECUTE FUNCTION name_sections();
-- A draw that completes another has a later number, so the other has its departments by then.
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT id FROM draw ORDER BY year, number, attempt LOOP
        UPDATE draw SET draft = draft WHERE id = one;
    END LOOP;
END $$;
ALTER TABLE draw ALTER COLUMN sections SET NOT NULL;

-- Whether the accounts of a department (null: of the whole bureau) see a draw of these departments.
CREATE FUNCTION seen_by(sections text[], department text) RETURNS boolean LANGUAGE sql IMMUTABLE
    RETURN department IS NULL OR sections @> ARRAY[department];

-- For which further department somebody agreed to a freeze; null for the bureau. Each department once.
ALTER TABLE step_agreement ADD COLUMN section text REFERENCES section;
CREATE UNIQUE INDEX step_agreement_section ON step_agreement (step, section) WHERE section IS NOT NULL;

-- Whose import it is, for ever: that of whoever checked the file.
ALTER TABLE import_batch ADD COLUMN department text REFERENCES section;
CREATE FUNCTION name_department() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.department := (SELECT department FROM staff WHERE id = NEW.checked_by);
    RETURN NEW;
END $$;
CREATE TRIGGER department_of_import BEFORE INSERT ON import_batch FOR EACH ROW EXECUTE FUNCTION name_department();

-- ---------------------------------------------------------------- registries

-- How registries call a department: its label, its name, and nothing at all if it leads. Null means everybody: for the whole bureau, and for
-- the leading department where it is the only one, whatever a registry calls its people.
CREATE FUNCTION words_of_department(department text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN s.label <> b.section THEN ARRAY[s.label, s.name]
                WHEN (SELECT count(*) FROM public.section) > 1 THEN ARRAY[s.label, s.name, ''] END
    FROM public.section s CROSS JOIN public.bureau b WHERE s.label = department
$$;

-- The registries as one department sees them: under the names of the tables, with the same columns, for connections whose `search_path` begins
-- here and that say in `app.department` whose they are (service/visibility.py). Readers need not know of it. Targets and past
-- inspections are everybody's and have no view. A migration that adds a column that pages show makes its view anew.
CREATE SCHEMA seen;
CREATE FUNCTION seen.words() RETURNS text[] LANGUAGE sql STABLE
    RETURN public.words_of_department(current_setting('app.department'));

CREATE VIEW seen.item AS SELECT * FROM public.item WHERE coalesce(department = ANY((SELECT seen.words())::text[]), true);
CREATE VIEW seen.inspector AS SELECT * FROM public.inspector WHERE coalesce(department = ANY((SELECT seen.words())::text[]), true);
CREATE VIEW seen.expert AS SELECT * FROM public.expert WHERE coalesce(department = ANY((SELECT seen.words())::text[]), true);
CREATE VIEW seen.conflict AS SELECT * FROM public.conflict
    WHERE (SELECT seen.words()) IS NULL OR person IN (SELECT number FROM seen.inspector UNION ALL SELECT number FROM seen.expert);
CREATE VIEW seen.service AS SELECT * FROM public.service
    WHERE (SELECT seen.words()) IS NULL OR provider_kind = 'organisation' OR provider IN (SELECT number FROM seen.expert);

CREATE VIEW seen.registry_value AS
    SELECT kind, field, value FROM public.registry_value WHERE kind NOT IN ('items', 'inspectors', 'experts')
    UNION SELECT 'items', 'department', department FROM seen.item
    UNION SELECT 'inspectors', field, value FROM seen.inspector
        CROSS JOIN LATERAL (VALUES ('department', department), ('unit', unit)) AS filter (field, value)
    UNION SELECT 'experts', 'department', department FROM seen.expert;

CREATE FUNCTION seen.key(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE  -- records.joint_key
    RETURN (SELECT string_agg(replace(replace(part, '\', '\\'), '|', '\|'), '|' ORDER BY place) FROM unnest(parts) WITH ORDINALITY AS p (part, place));
CREATE VIEW seen.registry_change AS SELECT * FROM public.registry_change WHERE
    kind IN ('targets', 'inspections') OR (SELECT seen.words()) IS NULL
    OR kind = 'items' AND key IN (SELECT id FROM seen.item)
    OR kind = 'inspectors' AND key IN (SELECT number FROM seen.inspector)
    OR kind = 'experts' AND key IN (SELECT number FROM seen.expert)
    OR kind = 'conflicts' AND key IN (SELECT seen.key(person, target) FROM seen.conflict)
    OR kind = 'services' AND key IN (SELECT seen.key(provider, target, to_char(since, 'YYYY-MM-DD')) FROM seen.service);

CREATE VIEW seen.import_batch AS SELECT * FROM public.import_batch
    WHERE department IS NOT DISTINCT FROM current_setting('app.department') OR kind IN ('targets', 'inspections');
-- A step counts what it did to rows that are seen; one that touched none of them was not.
CREATE VIEW seen.registry_step AS
    SELECT * FROM public.registry_step WHERE kind IN ('targets', 'inspections')
    UNION ALL
    SELECT step.kind, step.version, step.at, step.by, step.what, step.import, step.merge, counted.added, counted.changed
    FROM public.registry_step AS step CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE changes IS NULL) AS added, count(*) FILTER (WHERE changes IS NOT NULL) AS changed
        FROM seen.registry_change AS change WHERE change.kind = step.kind AND change.version = step.version
    ) AS counted WHERE step.kind NOT IN ('targets', 'inspections') AND counted.added + counted.changed > 0;
