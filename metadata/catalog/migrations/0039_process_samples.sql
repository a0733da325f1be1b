-- The processes that serve, and the numbers of each, noted every ten seconds and kept for a day.
CREATE TABLE fieldstone.process (
    id uuid PRIMARY KEY,
    version text NOT NULL,
    worker integer,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE TABLE fieldstone.process_sample (
    process_id uuid NOT NULL REFERENCES fieldstone.process (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (process_id, at)
);
CREATE INDEX process_sample_at ON fieldstone.process_sample (at);
