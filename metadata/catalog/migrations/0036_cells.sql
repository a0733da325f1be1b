-- Cells: databases that have the workspaces between them. A workspace that comes from another cell is COMING until its
-- move ends; one that has gone to another is GONE until its rows are deleted. Each move begins another epoch.
ALTER TABLE fieldstone.workspace
    ADD COLUMN epoch bigint NOT NULL DEFAULT 0,
    ADD COLUMN presence text NOT NULL DEFAULT 'HERE' CHECK (presence IN ('COMING', 'HERE', 'GONE'));

-- The directory, which the first cell has. A second workspace of a name, such as each cell's `default`, has no name here.
CREATE TABLE fieldstone.placement (
    workspace_id uuid PRIMARY KEY,
    name text UNIQUE,
    cell text NOT NULL,
    epoch bigint NOT NULL DEFAULT 0
);
CREATE INDEX placement_cell ON fieldstone.placement (cell);

-- The hashes of keys and sessions that processes have looked for; the cells have the keys and sessions themselves.
CREATE TABLE fieldstone.placed_credential (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    workspace_id uuid NOT NULL REFERENCES fieldstone.placement (workspace_id) ON DELETE CASCADE
);
CREATE INDEX placed_credential_workspace ON fieldstone.placed_credential (workspace_id);

-- The moves that are under way, and those whose source is to be dropped: each goes on from its last step.
CREATE TABLE fieldstone.workspace_move (
    workspace_id uuid PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    name text NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    step text NOT NULL,
    schema_name text NOT NULL,
    epoch bigint NOT NULL,
    since bigint,
    started_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);

-- Seconds of statements by workspace and minute, which processes add up.
CREATE TABLE fieldstone.workspace_load (
    workspace_id uuid NOT NULL,
    minute timestamptz NOT NULL,
    seconds double precision NOT NULL,
    PRIMARY KEY (minute, workspace_id)
);

-- The positions that the events of a workspace had in the log that it came from, by the epoch of that time.
CREATE TABLE fieldstone.moved_event (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    epoch bigint NOT NULL,
    earlier bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (workspace_id, epoch, earlier)
);

-- The log of an epoch as a move has left it: the events behind `first` up to `last` were kept, and come after `start` here.
CREATE TABLE fieldstone.log_epoch (
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    epoch bigint NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    start bigint NOT NULL,
    PRIMARY KEY (workspace_id, epoch)
);
