-- Who is told of events over HTTP. `secret` signs what is sent; the API shows it once, when it is made. What lies in the
-- log up to `start_position` happened before. `failures` counts the attempts that failed since one succeeded; nothing is
-- sent before `rests_until`.
CREATE TABLE fieldstone.webhook (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    target_url text NOT NULL,
    description text,
    secret text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    start_position bigint NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    rests_until timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_workspace ON fieldstone.webhook (workspace_id);

-- What a webhook waits for, in the order given: NULL is any object, or any action.
CREATE TABLE fieldstone.webhook_operation (
    webhook_id uuid NOT NULL REFERENCES fieldstone.webhook (id) ON DELETE CASCADE,
    place integer NOT NULL,
    object_id uuid REFERENCES fieldstone.object (id) ON DELETE CASCADE,
    action text,
    PRIMARY KEY (webhook_id, place)
);
CREATE INDEX webhook_operation_object ON fieldstone.webhook_operation (object_id);

-- A webhook as the API shows it: its operations have the present names of their objects.
CREATE VIEW fieldstone.webhook_shown AS
    SELECT webhook.id, webhook.workspace_id, webhook.target_url, webhook.description,
        ARRAY(
            SELECT coalesce(object.name_singular, '*') || '.' || coalesce(operation.action, '*')
            FROM fieldstone.webhook_operation AS operation
                LEFT JOIN fieldstone.object ON object.id = operation.object_id
            WHERE operation.webhook_id = webhook.id ORDER BY operation.place
        ) AS operations,
        webhook.is_active, webhook.failing_since, webhook.disabled_at, webhook.disabled_reason,
        webhook.created_at, webhook.updated_at
    FROM fieldstone.webhook;

-- One row for each event that a webhook is told of. A row is claimed for sending by moving `due_at` to when others may
-- take it over; `claim` tells who has it. `payload` is the body without its id.
CREATE TABLE fieldstone.webhook_delivery (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    webhook_id uuid NOT NULL REFERENCES fieldstone.webhook (id) ON DELETE CASCADE,
    position bigint NOT NULL,
    event text NOT NULL,
    record_id uuid NOT NULL,
    payload text NOT NULL,
    status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'DELIVERED', 'FAILED')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz DEFAULT now(),
    claim uuid,
    attempted_at timestamptz,
    finished_at timestamptz,
    response_status integer,
    response_body text,
    error text,
    duration_ms integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (webhook_id, position)
);
CREATE INDEX webhook_delivery_due ON fieldstone.webhook_delivery (webhook_id, due_at, position) WHERE status = 'PENDING';
CREATE INDEX webhook_delivery_record ON fieldstone.webhook_delivery (webhook_id, record_id, position)
    WHERE status = 'PENDING';
CREATE INDEX webhook_delivery_finished ON fieldstone.webhook_delivery (finished_at) WHERE status <> 'PENDING';
CREATE INDEX webhook_delivery_workspace ON fieldstone.webhook_delivery (workspace_id, created_at);
