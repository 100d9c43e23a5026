-- Each log has a key of its own. Null in a database made before there was more than one: the service fills it in at its next
-- start, from the key that signed the newest checkpoint.
ALTER TABLE log_head ADD COLUMN key bytea UNIQUE CHECK (octet_length(key) = 32);
-- A log that was followed by another is never the active one again, and no log ever changes its name or key.
CREATE FUNCTION keep_log_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.shard <> OLD.shard OR NEW.origin <> OLD.origin OR NEW.key IS DISTINCT FROM coalesce(OLD.key, NEW.key)
        OR (NEW.active AND NOT OLD.active) THEN
        RAISE EXCEPTION 'log % keeps its name, its key and its place in the row of logs', OLD.shard;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identity BEFORE UPDATE OF shard, origin, key, active ON log_head FOR EACH ROW EXECUTE FUNCTION keep_log_identity();
CREATE TRIGGER never_deleted BEFORE DELETE ON log_head FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The order in which logs were created: what stands in a later one came after all plans and key events of those before.
ALTER TABLE log_head ADD COLUMN place integer GENERATED ALWAYS AS IDENTITY UNIQUE;

-- The key list is the newest key event. Its `subject` is its number; no two have one.
CREATE UNIQUE INDEX document_key_event ON document ((subject::integer)) WHERE kind = 'key-event/v1';
