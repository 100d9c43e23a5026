-- How the staff get in.

-- Failures per login and place, instead of per login alone: whoever guesses elsewhere does not lock the person out.
DROP TABLE login_failure;
CREATE TABLE login_attempt (
    login text NOT NULL,
    place text NOT NULL,  -- 'device <sha256 of its token>', 'address <address>', or '' for all strange places together
    failures integer NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (login, place)
);
CREATE INDEX login_attempt_last ON login_attempt (last_at);

-- Where a login has succeeded.
CREATE TABLE login_place (
    login text NOT NULL,
    place text NOT NULL,
    succeeded_at timestamptz NOT NULL,
    PRIMARY KEY (login, place)
);

-- One-time codes (RFC 6238). The installations that are there already go on without; a new one asks for them.
ALTER TABLE bureau ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
ALTER TABLE bureau ALTER COLUMN second_factor SET DEFAULT true;

CREATE TABLE second_factor (
    staff bigint PRIMARY KEY REFERENCES staff,
    secret bytea,  -- null until the first code has been confirmed
    last_step bigint NOT NULL DEFAULT 0,  -- of the newest code taken: none is taken twice, and none older than it
    pending bytea  -- shown to be set up, in force once a code of it is entered
);

CREATE TABLE recovery_code (
    staff bigint NOT NULL REFERENCES staff,
    number integer NOT NULL,  -- its first digit: says which hash to try
    hash text NOT NULL,  -- argon2id
    used_at timestamptz,
    PRIMARY KEY (staff, number)
);

-- For the list of one's own sessions.
ALTER TABLE staff_session ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE staff_session ADD COLUMN browser text NOT NULL DEFAULT '';  -- as it calls itself

-- Read by person, by time and by action, newest first.
CREATE INDEX access_log_by_staff ON access_log (staff, id);
CREATE INDEX access_log_by_time ON access_log (at);

CREATE TRIGGER never_emptied BEFORE TRUNCATE ON access_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Somebody else knows this password: its owner reaches nothing before setting another.
ALTER TABLE staff ADD COLUMN initial_password boolean NOT NULL DEFAULT false;
