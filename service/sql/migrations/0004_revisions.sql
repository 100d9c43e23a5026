-- A result is one chain of revisions: result, corrections, contests, withdrawals. Names and statements can be redacted.

-- Key events and links of logs belong to no draw; of each there is one per subject all the same.
ALTER TABLE document ALTER COLUMN draw DROP NOT NULL;
CREATE UNIQUE INDEX document_of_no_draw ON document (kind, subject) WHERE draw IS NULL;

-- `document` and `rev` are the newest revision of any kind; `found` is the newest result or correction, whose `code` it is, and
-- `status` what stands of it now (docs/spec/documents.md, "The revisions of a result").
ALTER TABLE result ADD COLUMN found text REFERENCES document (sha256);
ALTER TABLE result ADD COLUMN status text CHECK (status IN ('in_force', 'contested', 'corrected', 'withdrawn'));
UPDATE result SET found = document, status = (
    SELECT convert_from(d.data, 'UTF8')::jsonb ->> 'status' FROM document d WHERE d.sha256 = result.document);
ALTER TABLE result ALTER COLUMN found SET NOT NULL;
ALTER TABLE result ALTER COLUMN status SET NOT NULL;

ALTER TABLE disclosure DROP CONSTRAINT disclosure_kind_check;
ALTER TABLE disclosure ADD CONSTRAINT disclosure_kind_check CHECK (kind IN ('person', 'subject', 'statement'));

-- What is published no longer, and never again: the digest, the document it stands in (S for people), and what ordered it.
CREATE TABLE redacted (
    digest text PRIMARY KEY,
    document text NOT NULL REFERENCES document (sha256),
    redaction text NOT NULL REFERENCES document (sha256),
    redacted_at timestamptz NOT NULL
);
CREATE INDEX redacted_of ON redacted (document);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON redacted FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- When the names of a draw were opened last. The disclosures themselves do not tell: all of them may be redacted.
ALTER TABLE draw ADD COLUMN names_opened_at timestamptz;
UPDATE draw SET names_opened_at = (SELECT max(opened_at) FROM disclosure d WHERE d.draw = draw.id AND d.kind = 'person');
