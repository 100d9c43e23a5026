-- Inspections of the past, whoever made them: yearly caps and repeats are counted over all of them.

ALTER TABLE target ADD COLUMN headcount integer CHECK (headcount BETWEEN 0 AND 9999999);

-- One visit of one department. The target need not be registered: a firm may be gone, or come later.
CREATE TABLE inspection (
    target text NOT NULL CHECK (target ~ '^[0-9A-Za-z._-]{1,64}$'),
    inspected_on date NOT NULL,
    department text NOT NULL DEFAULT '',
    number text NOT NULL DEFAULT '',  -- of the record or the task, as the department counts them
    origin text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '',
    punished boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target, inspected_on, department, number)
);

ALTER TABLE import_batch DROP CONSTRAINT import_batch_kind_check;
ALTER TABLE import_batch ADD CONSTRAINT import_batch_kind_check
    CHECK (kind IN ('targets', 'items', 'inspectors', 'experts', 'conflicts', 'inspections'));

INSERT INTO registry_version (kind) VALUES ('inspections');
