-- Each attempt at a delivery; they go with it.
CREATE TABLE fieldstone.webhook_try (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES fieldstone.workspace (id) ON DELETE CASCADE,
    delivery_id uuid NOT NULL REFERENCES fieldstone.webhook_delivery (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    status integer,
    ms integer NOT NULL,
    error text,
    answer text
);
CREATE INDEX webhook_try_delivery ON fieldstone.webhook_try (delivery_id, id);
CREATE INDEX webhook_try_workspace ON fieldstone.webhook_try (workspace_id, id);
CREATE INDEX webhook_delivery_failed ON fieldstone.webhook_delivery (webhook_id, position) WHERE status = 'FAILED';
