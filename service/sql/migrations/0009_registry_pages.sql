-- Registries as pages: searching a million targets, and what every import changed.

-- What a target is found by: pairs of characters of its name, triples of its pinyin initials, and its value in every field that
-- filters (service/registry/search.py). Null until the service filled them in, which it does at an import and when it starts.
ALTER TABLE target ADD COLUMN initials text, ADD COLUMN marks text[] COLLATE "C";
ALTER TABLE target ALTER COLUMN marks SET STATISTICS 1000;
CREATE INDEX target_marks ON target USING gin (marks);
CREATE INDEX target_unmarked ON target (id) WHERE marks IS NULL;
-- Pages go by code in the order of its bytes, whatever the language of the database: the beginning of a code is then a range.
CREATE INDEX target_order ON target (id COLLATE "C");
-- An order that has nothing to do with any field (service/pages/registry/finding.py).
CREATE INDEX target_shuffled ON target (md5(id) COLLATE "C");
CREATE INDEX inspection_order ON inspection (target COLLATE "C", inspected_on, department COLLATE "C", number COLLATE "C");

-- Every value a field that filters ever had: what the lists of choices are made of without reading a million rows.
CREATE TABLE registry_value (
    kind text NOT NULL,
    field text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (kind, field, value)
);
INSERT INTO registry_value SELECT DISTINCT 'targets', field, value FROM target
    CROSS JOIN LATERAL (VALUES ('area', area), ('sector', sector), ('credit_class', credit_class),
                               ('standardisation', standardisation), ('entity_type', entity_type)) AS filter (field, value);
INSERT INTO registry_value SELECT DISTINCT 'items', 'department', department FROM item;
INSERT INTO registry_value SELECT DISTINCT 'inspectors', field, value FROM inspector
    CROSS JOIN LATERAL (VALUES ('department', department), ('unit', unit)) AS filter (field, value);
INSERT INTO registry_value SELECT DISTINCT 'experts', 'department', department FROM expert;
INSERT INTO registry_value SELECT DISTINCT 'inspections', 'department', department FROM inspection;

-- Which version of its registry an import made.
ALTER TABLE import_batch ADD COLUMN version bigint;  -- null until confirmed, and for imports confirmed before this was kept
CREATE UNIQUE INDEX import_made ON import_batch (kind, version);

-- What each confirmed import did to each row, field by field, in the words of the files; null for a row that was new.
-- Who and when stand with the import that made the version.
CREATE TABLE registry_change (
    kind text NOT NULL,
    version bigint NOT NULL,
    key text NOT NULL,  -- records.record_key
    changes jsonb,  -- [[label, old, new], ...]
    PRIMARY KEY (kind, key, version)
);
CREATE INDEX registry_change_in ON registry_change (kind, version, key COLLATE "C");
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON registry_change FOR EACH ROW EXECUTE FUNCTION refuse_change();
