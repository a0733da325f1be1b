-- name: status_of_database
SELECT current_setting('server_version') AS server, current_database() AS name,
    pg_database_size(current_database()) AS bytes, current_setting('max_connections')::int AS most_connections,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name LIKE 'fieldstone%' AND pid <> pg_backend_pid()) AS fieldstone_connections;

-- name: status_of_processes
-- Each process listens on one connection, unless Redis carries the messages.
SELECT coalesce(host(client_addr), 'local') AS address, backend_start AS since FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'fieldstone listen' ORDER BY backend_start;

-- name: status_of_workspaces
SELECT workspace.name, workspace.version,
    (SELECT count(*) FROM fieldstone.object WHERE object.workspace_id = workspace.id) AS objects,
    (SELECT count(*) FROM fieldstone.api_key WHERE api_key.workspace_id = workspace.id AND revoked_at IS NULL) AS keys
FROM fieldstone.workspace ORDER BY workspace.name;

-- name: status_of_events
SELECT (SELECT position FROM fieldstone.log_head) AS position,
    (SELECT count(*) FROM fieldstone.event_staging) AS staged,
    (SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8 FROM fieldstone.event_staging) AS staged_seconds,
    (SELECT coalesce(max(head.position - consumer.position), 0) FROM fieldstone.log_consumer AS consumer,
        fieldstone.log_head AS head) AS behind,
    (SELECT count(*) FROM fieldstone.webhook_delivery WHERE status = 'PENDING') AS deliveries,
    (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM fieldstone.webhook_delivery
        WHERE status = 'PENDING') AS delivery_seconds,
    (SELECT count(*) FROM fieldstone.webhook WHERE NOT is_active) AS disabled_webhooks;

-- name: status_of_builds
SELECT workspace.name AS workspace, build.kind, build.name, build.status FROM (
    SELECT workspace_id, 'field' AS kind, name, status FROM fieldstone.field
    UNION ALL SELECT workspace_id, 'index', name, status FROM fieldstone.index
) AS build JOIN fieldstone.workspace ON workspace.id = build.workspace_id
WHERE build.status IN ('BUILDING', 'FAILED') ORDER BY workspace.name, build.kind, build.name;
