-- A step that whoever had to agree sent back, with the reason; it counts as withdrawn, and says why.
ALTER TABLE step ADD COLUMN returned_by bigint REFERENCES staff;
ALTER TABLE step ADD COLUMN returned_note text;
ALTER TABLE step ADD CONSTRAINT step_returned CHECK ((returned_by IS NULL) = (returned_note IS NULL) AND (returned_by IS NULL OR withdrawn));

-- Rehearsals (演练) of a draft: a namespace of their own. Nothing of them is signed, logged, served to the public or counted, and no
-- key of theirs is kept: `shown` is what the page shows, `plan_sha256` the plan that says of itself that it is a rehearsal.
CREATE TABLE rehearsal (
    draw text NOT NULL REFERENCES draw,
    number integer NOT NULL,
    staff bigint NOT NULL REFERENCES staff,
    at timestamptz NOT NULL,
    draft_sha256 text NOT NULL,
    plan_sha256 text NOT NULL,
    shown jsonb NOT NULL,
    bundle bytea,  -- for training; null where it would be too large (service/rehearsal_bundle.py)
    PRIMARY KEY (draw, number)
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON rehearsal FOR EACH ROW EXECUTE FUNCTION refuse_change();
