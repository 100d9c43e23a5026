-- Annual plans: written by one person, approved by another, published in versions that never change; tasks outside the plan; and the
-- days on which China works, year by year.

-- A file with the days of a year that differ from Monday to Friday. The newest confirmed one of a year holds.
CREATE TABLE calendar_load (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    year integer NOT NULL CHECK (year BETWEEN 2000 AND 9999),
    days text NOT NULL,  -- JSON: [[day, works, name], ...], by day
    filename text NOT NULL,
    source text NOT NULL,  -- the notice it was taken from
    sha256 text NOT NULL,
    loaded_by bigint REFERENCES staff,  -- null: by command
    loaded_at timestamptz NOT NULL,
    confirmed_by bigint REFERENCES staff,
    confirmed_at timestamptz
);
CREATE INDEX calendar_of_year ON calendar_load (year, confirmed_at) WHERE confirmed_at IS NOT NULL;

-- What was confirmed is what deadlines were counted by: it stays as it was.
CREATE FUNCTION refuse_change_of_confirmed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.confirmed_at IS NOT NULL THEN
        RAISE EXCEPTION 'confirmed rows of % never change', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER confirmed_stays BEFORE UPDATE OR DELETE ON calendar_load FOR EACH ROW EXECUTE FUNCTION refuse_change_of_confirmed();

-- Rises with every confirmed calendar: a freeze that was agreed to by other working days is agreed to anew, as with any registry.
INSERT INTO registry_version (kind) VALUES ('calendar');

-- ---------------------------------------------------------------- plans

-- What is being written, one per year. `revision` rises with every save: whoever saves names the one they saw.
CREATE TABLE annual_plan_draft (
    year integer PRIMARY KEY CHECK (year BETWEEN 2000 AND 9999),
    content text NOT NULL,  -- service/annual_plan/content.py
    revision integer NOT NULL DEFAULT 1,
    changed_by bigint NOT NULL REFERENCES staff,
    changed_at timestamptz NOT NULL
);

-- Submitted for approval: the whole text, and what makes a change necessary.
CREATE TABLE annual_plan_submission (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    year integer NOT NULL REFERENCES annual_plan_draft,
    content text NOT NULL,
    reason text NOT NULL,  -- '' for the first version of a year
    by bigint NOT NULL REFERENCES staff,
    at timestamptz NOT NULL
);
CREATE INDEX annual_plan_submission_of ON annual_plan_submission (year, id DESC);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON annual_plan_submission FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE annual_plan_verdict (
    submission bigint PRIMARY KEY REFERENCES annual_plan_submission,
    approved boolean NOT NULL,
    remark text NOT NULL CHECK (approved OR remark <> ''),  -- who sends back says why
    by bigint NOT NULL REFERENCES staff,
    at timestamptz NOT NULL
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON annual_plan_verdict FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE annual_plan_version (
    year integer NOT NULL,
    version integer NOT NULL,
    submission bigint NOT NULL UNIQUE REFERENCES annual_plan_submission,
    by bigint NOT NULL REFERENCES staff,
    at timestamptz NOT NULL,
    PRIMARY KEY (year, version)
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON annual_plan_version FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Whatever the service may forget: nobody approves what they submitted, and nothing is published that was not approved, in order.
CREATE FUNCTION check_plan_verdict() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."by" = (SELECT "by" FROM annual_plan_submission WHERE id = NEW.submission) THEN
        RAISE EXCEPTION 'a plan is not approved by who submitted it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER second_person BEFORE INSERT ON annual_plan_verdict FOR EACH ROW EXECUTE FUNCTION check_plan_verdict();

CREATE FUNCTION check_plan_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM annual_plan_submission s JOIN annual_plan_verdict v ON v.submission = s.id
                   WHERE s.id = NEW.submission AND s.year = NEW.year AND v.approved) THEN
        RAISE EXCEPTION 'submission % of % was not approved', NEW.submission, NEW.year USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.version <> 1 + (SELECT coalesce(max(version), 0) FROM annual_plan_version WHERE year = NEW.year) THEN
        RAISE EXCEPTION 'versions of a plan are counted without a gap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved_in_order BEFORE INSERT ON annual_plan_version FOR EACH ROW EXECUTE FUNCTION check_plan_version();

-- ---------------------------------------------------------------- tasks outside the plan

CREATE TABLE temporary_task (
    id text PRIMARY KEY CHECK (id = year || '-t' || number),
    year integer NOT NULL,
    number integer NOT NULL,
    content text NOT NULL,  -- service/annual_plan/tasks.py
    by bigint NOT NULL REFERENCES staff,
    at timestamptz NOT NULL,
    UNIQUE (year, number)
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON temporary_task FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE temporary_task_verdict (
    task text PRIMARY KEY REFERENCES temporary_task,
    approved boolean NOT NULL,
    remark text NOT NULL CHECK (approved OR remark <> ''),
    by bigint NOT NULL REFERENCES staff,
    at timestamptz NOT NULL
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON temporary_task_verdict FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION check_task_verdict() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."by" = (SELECT "by" FROM temporary_task WHERE id = NEW.task) THEN
        RAISE EXCEPTION 'a task is not approved by who registered it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER second_person BEFORE INSERT ON temporary_task_verdict FOR EACH ROW EXECUTE FUNCTION check_task_verdict();
