-- Import jobs: files that wait in the database, where every process can read them, and the records that they became.
-- `lease` names the process that works on a job until `leased_until`; a batch of records is only committed together with
-- the row of its batch, under the lease. So a job that another process takes over writes no row of its file twice.
CREATE TABLE fieldstone.import_job (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    object_id uuid NOT NULL,
    format text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    subject_id uuid NOT NULL,
    subject_name text NOT NULL,
    credential_kind text NOT NULL,
    credential_hash bytea NOT NULL,
    address text,
    head jsonb NOT NULL DEFAULT '{}',
    options jsonb NOT NULL DEFAULT '{}',
    ignored jsonb NOT NULL DEFAULT '[]',
    size bigint NOT NULL DEFAULT 0,
    bytes_read bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    undone bigint NOT NULL DEFAULT 0,
    kept bigint NOT NULL DEFAULT 0,
    error jsonb,
    lease uuid,
    leased_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
CREATE INDEX import_job_workspace ON fieldstone.import_job (workspace_id, created_at);
CREATE INDEX import_job_active ON fieldstone.import_job (updated_at)
    WHERE status IN ('CHECKING', 'RUNNING', 'UNDOING');

CREATE TABLE fieldstone.import_chunk (
    job_id uuid NOT NULL REFERENCES fieldstone.import_job (id) ON DELETE CASCADE,
    number integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (job_id, number)
);

CREATE TABLE fieldstone.import_error (
    job_id uuid NOT NULL REFERENCES fieldstone.import_job (id) ON DELETE CASCADE,
    row_number integer NOT NULL,
    line integer NOT NULL,
    field text,
    code text NOT NULL,
    message text NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (job_id, row_number)
);

CREATE TABLE fieldstone.import_batch (
    job_id uuid NOT NULL REFERENCES fieldstone.import_job (id) ON DELETE CASCADE,
    first_row integer NOT NULL,
    row_numbers int4multirange NOT NULL,
    is_undone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (job_id, first_row)
);

-- `written_at` is the record's `updatedAt` as the import left it; `before` the record as it was, and its changed columns.
CREATE TABLE fieldstone.import_record (
    job_id uuid NOT NULL,
    first_row integer NOT NULL,
    record_id uuid NOT NULL,
    written_at text NOT NULL,
    before jsonb,
    FOREIGN KEY (job_id, first_row) REFERENCES fieldstone.import_batch ON DELETE CASCADE
);
CREATE INDEX import_record_batch ON fieldstone.import_record (job_id, first_row);
