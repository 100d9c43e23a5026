-- Preparations: a draw being prepared by form, with what was typed, right or wrong, until it is a draft; and the way back to change it.

CREATE TABLE preparation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    draw text UNIQUE REFERENCES draw,  -- null until a draft was made of it
    answers jsonb NOT NULL,  -- service/preparing/answers.py
    saved jsonb NOT NULL DEFAULT '{}',  -- page -> version at which somebody last saved it; absent: as it was proposed
    version integer NOT NULL DEFAULT 1,  -- rises with every save: whoever saves a page names the one they saw
    draft_sha256 text,  -- of the draft that was last made of the answers, or that they were made of
    created_by bigint NOT NULL REFERENCES staff,
    created_at timestamptz NOT NULL,
    changed_by bigint NOT NULL REFERENCES staff,
    changed_at timestamptz NOT NULL
);
CREATE INDEX preparation_order ON preparation (changed_at DESC);
