-- Departments that take part in campaigns of several, and plans for teams alone.

-- The bureau's own department comes first and leads; it signs with the bureau's key, which the installation holds. Of every other one
-- the public key is written down here; the private key lies beside the bureau's, or elsewhere: then nothing of it can be signed here.
CREATE TABLE section (
    label text PRIMARY KEY CHECK (label ~ '^[a-z0-9-]{1,32}$'),
    name text NOT NULL UNIQUE,
    key text UNIQUE,  -- base64; null: the key of the bureau
    active boolean NOT NULL DEFAULT true,
    place integer GENERATED ALWAYS AS IDENTITY UNIQUE,  -- in which order departments were named
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO section (label, name) SELECT section, name FROM bureau;

-- Naming the bureau names its own department: there is never one without the other.
CREATE FUNCTION found_own_section() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO section (label, name) VALUES (NEW.section, NEW.name) ON CONFLICT (label) DO NOTHING;
    RETURN NEW;
END $$;
CREATE TRIGGER own_section AFTER INSERT ON bureau FOR EACH ROW EXECUTE FUNCTION found_own_section();
-- What was signed with a key is verified with it for ever: a department is retired, never deleted.
CREATE TRIGGER never_deleted BEFORE DELETE ON section FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The teams of a draw are drawn again by one plan at most, unless that one was voided.
CREATE UNIQUE INDEX draw_teams_of ON draw ((draft ->> 'teams_of')) WHERE state <> 'voided' AND draft ->> 'teams_of' IS NOT NULL;
-- Whether a team stage was not COMPLETE, read off the canonical bytes (docs/spec/draw.md 6); staff look for such draws every day.
ALTER TABLE draw_result ADD COLUMN teams_missing boolean NOT NULL GENERATED ALWAYS AS (position(
    '"experts":{"certificate":null,"outcome":"COMPLETE"},"inspectors":{"certificate":null,"outcome":"COMPLETE"}'::bytea IN result) = 0) STORED;
