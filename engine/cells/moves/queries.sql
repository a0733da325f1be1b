-- name: find_move
SELECT id, workspace_id, name, source, target, step, schema_name, epoch, since FROM fieldstone.workspace_move
WHERE name = %(name)s AND done_at IS NULL;

-- name: moves_of
SELECT id, workspace_id, name, source, target, step, schema_name, epoch, since FROM fieldstone.workspace_move
WHERE workspace_id = %(workspace_id)s;

-- name: begin_move
INSERT INTO fieldstone.workspace_move (id, workspace_id, name, source, target, step, schema_name, epoch, since)
VALUES (%(id)s, %(workspace_id)s, %(name)s, %(source)s, %(target)s, 'PREPARE', %(schema_name)s, %(epoch)s, %(since)s)
ON CONFLICT (workspace_id) DO UPDATE SET id = excluded.id, source = excluded.source, target = excluded.target,
    step = excluded.step, schema_name = excluded.schema_name, epoch = excluded.epoch, since = excluded.since,
    started_at = now(), done_at = NULL
WHERE workspace_move.done_at IS NOT NULL;

-- name: note_step
UPDATE fieldstone.workspace_move SET step = %(step)s, since = coalesce(%(since)s::bigint, since),
    done_at = CASE WHEN %(step)s = 'DONE' THEN now() END
WHERE id = %(id)s;

-- name: end_move
DELETE FROM fieldstone.workspace_move WHERE id = %(id)s;

-- name: unfinished
SELECT id, workspace_id, name, source, target, step, schema_name, epoch, since FROM fieldstone.workspace_move
WHERE done_at IS NULL ORDER BY started_at;

-- name: left_behind
-- The moves whose source is to be dropped.
SELECT id, workspace_id, name, source, target, step, schema_name, epoch, since FROM fieldstone.workspace_move
WHERE done_at < now() - %(after)s::interval ORDER BY done_at;

-- name: facts
-- In a cell: the workspace, and all that decides about its move.
SELECT w.id, w.schema_name, w.version, w.epoch, w.presence, current_setting('wal_level'),
    EXISTS (SELECT FROM fieldstone.sql_role WHERE workspace_id = w.id),
    EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(w.schema_name))
        AND relkind = 'r' AND relpersistence = 'u')
FROM fieldstone.workspace AS w WHERE w.name = %(name)s OR w.id = %(id)s;

-- name: has_builds
SELECT EXISTS (SELECT FROM fieldstone.index WHERE workspace_id = %(workspace_id)s AND status = 'BUILDING')
    OR EXISTS (SELECT FROM fieldstone.field WHERE workspace_id = %(workspace_id)s AND status = 'BUILDING');

-- name: presence
-- Deletions are remembered for a week.
SELECT presence FROM fieldstone.workspace WHERE id = %(workspace_id)s
UNION ALL SELECT 'DELETED' FROM fieldstone.deleted_workspace AS deleted WHERE deleted.id = %(workspace_id)s
    AND NOT EXISTS (SELECT FROM fieldstone.workspace WHERE id = %(workspace_id)s);

-- name: has_schema
SELECT to_regnamespace(quote_ident(%(schema)s)) IS NOT NULL;

-- name: hold_model
-- The lock of a change of the workspace's model, for the length of the session, whose name tells others why they wait. It
-- has no statement while tables are copied, which takes hours.
SELECT pg_try_advisory_lock(hashtextextended('fieldstone.workspace ' || %(workspace_id)s::text, 0)), pg_backend_pid(),
    set_config('application_name', %(application)s, false), set_config('idle_session_timeout', '0', false);

-- name: let_model_go
-- A session that waited for the lock in vain has none to let go, of which PostgreSQL would warn.
SELECT CASE WHEN %(is_held)s::boolean
        THEN pg_advisory_unlock(hashtextextended('fieldstone.workspace ' || %(workspace_id)s::text, 0)) END,
    set_config('application_name', %(application)s, false),
    set_config('idle_session_timeout', (SELECT reset_val FROM pg_settings WHERE name = 'idle_session_timeout'), false);

-- name: schema_tables
SELECT c.relname::text FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace(quote_ident(%(schema)s)) AND c.relkind IN ('r', 'p') ORDER BY 1;

-- name: create_slot
SELECT pg_create_logical_replication_slot(%(name)s, 'pgoutput')
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = %(name)s);

-- name: drop_slot
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %(name)s;

-- name: end_walsender
SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %(name)s AND active_pid IS NOT NULL;

-- name: slot_lag
SELECT coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn), 0)::bigint FROM pg_replication_slots
WHERE slot_name = %(name)s AND wal_status <> 'lost';

-- name: replication_errors
SELECT apply_error_count + sync_error_count FROM pg_stat_subscription_stats WHERE subname = %(name)s;

-- name: kept_log
-- In the source: the bytes of its log that are kept for a move, and whether webhooks rest.
SELECT coalesce((
    SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots WHERE slot_name = %(name)s
), 0)::bigint, EXISTS (SELECT FROM fieldstone.webhook WHERE workspace_id = %(workspace_id)s AND rests_until = 'infinity');

-- name: has_subscription
SELECT EXISTS (SELECT FROM pg_subscription WHERE subname = %(name)s
    AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()));

-- name: tables_to_copy
SELECT count(*) FILTER (WHERE r.srsubstate <> 'r'), count(*) FROM pg_subscription_rel AS r
JOIN pg_subscription AS s ON s.oid = r.srsubid
WHERE s.subname = %(name)s AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database());

-- name: oldest_transaction
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

-- name: columns
-- The tables of the catalog with their columns: name, whether it is of the primary key, whether it is an identity.
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum),
    array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum = ANY (k.conkey)),
    coalesce(array_agg(a.attname::text) FILTER (WHERE a.attidentity <> ''), '{}')
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
WHERE c.relnamespace = 'fieldstone'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
GROUP BY c.relname;

-- name: pause_webhooks
UPDATE fieldstone.webhook SET rests_until = 'infinity' WHERE workspace_id = %(workspace_id)s
AND rests_until IS DISTINCT FROM 'infinity';

-- name: resume_webhooks
UPDATE fieldstone.webhook SET rests_until = NULL WHERE workspace_id = %(workspace_id)s AND rests_until = 'infinity';

-- name: claimed_deliveries
SELECT count(*) FROM fieldstone.webhook_delivery
WHERE workspace_id = %(workspace_id)s AND status = 'PENDING' AND claim IS NOT NULL AND due_at > now();

-- name: consumers_behind
-- A workspace's own consumer of the log, while it has not caught up with that of all others.
SELECT count(*) FROM fieldstone.log_consumer AS apart JOIN fieldstone.log_consumer AS consumer ON consumer.name = 'webhooks'
WHERE apart.name = 'webhooks ' || %(workspace_id)s::text AND apart.position < consumer.position;

-- name: hold_fan_out
SELECT position FROM fieldstone.log_consumer WHERE name = 'webhooks' FOR UPDATE;

-- name: fanned_out
-- The position up to which a workspace's events have become deliveries: that of its own consumer, if it has one, see
-- `engine/webhooks/apart.py`. None is made while the fan-out is held, and none is to be made where there is no webhook.
WITH held AS (
    SELECT position FROM fieldstone.log_consumer WHERE name IN ('webhooks', 'webhooks ' || %(workspace_id)s::text) ORDER BY name FOR UPDATE
)
SELECT CASE WHEN EXISTS (SELECT FROM fieldstone.webhook WHERE workspace_id = %(workspace_id)s) THEN coalesce(min(position), 0)
    ELSE 9223372036854775807 END FROM held;

-- name: mute_webhooks
-- In the target: nothing is made of the events that come before the end of the move.
UPDATE fieldstone.webhook SET start_position = 9223372036854775807, rests_until = 'infinity' WHERE workspace_id = %(workspace_id)s;

-- name: begin_webhooks
-- In the target: the events that the source has not made deliveries of yet are made deliveries of here.
UPDATE fieldstone.webhook SET start_position = greatest(coalesce((
    SELECT moved.position FROM fieldstone.moved_event AS moved
    WHERE moved.workspace_id = %(workspace_id)s AND moved.epoch = %(epoch)s AND moved.earlier <= %(fanned)s
    ORDER BY moved.earlier DESC LIMIT 1
), 0), coalesce((
    SELECT moved.position - 1 FROM fieldstone.moved_event AS moved
    WHERE moved.workspace_id = %(workspace_id)s AND moved.epoch = %(epoch)s ORDER BY moved.earlier LIMIT 1
), (SELECT position FROM fieldstone.log_head)))
WHERE workspace_id = %(workspace_id)s;

-- name: receiving
-- Imports whose files are being received: their parts are written without a look at the workspace's tables.
SELECT count(*) FROM fieldstone.import_job
WHERE workspace_id = %(workspace_id)s AND status = 'RECEIVING' AND updated_at > clock_timestamp() - interval '1 minute';

-- name: staged
SELECT count(*) FROM fieldstone.event_staging WHERE workspace_id = %(workspace_id)s;

-- name: log_bounds
SELECT coalesce((SELECT min(position) FROM fieldstone.event_log), 1) - 1,
    (SELECT greatest(position, coalesce((SELECT max(position) FROM fieldstone.event_log), 0)) FROM fieldstone.log_head);

-- name: last_moved
SELECT coalesce(max(earlier), -1) FROM fieldstone.moved_event WHERE workspace_id = %(workspace_id)s AND epoch = %(epoch)s;

-- name: events_after
-- Those that have left the log for the history come along, and leave it once more in the target. Those from before the
-- workspace came to the source have come with it once more.
SELECT count(*), min(position) - 1, max(position) FROM (
    SELECT position FROM fieldstone.event_history WHERE workspace_id = %(workspace_id)s AND position > greatest(%(after)s, (
        SELECT start FROM fieldstone.log_epoch WHERE workspace_id = %(workspace_id)s ORDER BY epoch DESC LIMIT 1
    ))
    ORDER BY position LIMIT %(limit)s
) AS next;

-- name: hold_head
SELECT greatest(position, coalesce((SELECT max(position) FROM fieldstone.event_log), 0)) FROM fieldstone.log_head FOR UPDATE;

-- name: append_events
-- In the target: the events in `came` get the positions behind the head.
WITH placed AS (
    SELECT came.*, %(head)s::bigint + row_number() OVER (ORDER BY came.position) AS place FROM pg_temp.came
), logged AS (
    INSERT INTO fieldstone.event_log (position, workspace_id, object_id, record_id, action, changed, before, after, actor, at,
        actor_kind, actor_id)
    SELECT place, workspace_id, object_id, record_id, action, changed, before, after, actor, at, actor_kind, actor_id
    FROM placed ORDER BY place
), headed AS (
    UPDATE fieldstone.log_head SET position = (SELECT max(place) FROM placed)
)
INSERT INTO fieldstone.moved_event (workspace_id, epoch, earlier, position)
SELECT workspace_id, %(epoch)s::bigint, position, place FROM placed;

-- name: note_log_epoch
INSERT INTO fieldstone.log_epoch (workspace_id, epoch, first, last, start)
SELECT %(workspace_id)s, %(epoch)s, %(first)s, %(last)s, coalesce((
    SELECT position - 1 FROM fieldstone.moved_event WHERE workspace_id = %(workspace_id)s AND epoch = %(epoch)s
    ORDER BY earlier LIMIT 1
), (SELECT position FROM fieldstone.log_head))
ON CONFLICT (workspace_id, epoch) DO UPDATE SET first = excluded.first, last = excluded.last, start = excluded.start;

-- name: carry_positions
-- In the target: the positions that the events in `came` had in older epochs, which `came_positions` has.
INSERT INTO fieldstone.moved_event (workspace_id, epoch, earlier, position)
SELECT older.workspace_id, older.epoch, older.earlier, moved.position
FROM pg_temp.came_positions AS older JOIN fieldstone.moved_event AS moved
    ON moved.workspace_id = older.workspace_id AND moved.epoch = %(epoch)s AND moved.earlier = older.position
ON CONFLICT (workspace_id, epoch, earlier) DO UPDATE SET position = excluded.position;

-- name: carry_epochs
INSERT INTO fieldstone.log_epoch (workspace_id, epoch, first, last, start)
SELECT came.workspace_id, came.epoch, came.first, came.last, coalesce((
    SELECT moved.position FROM fieldstone.moved_event AS moved
    WHERE moved.workspace_id = came.workspace_id AND moved.epoch = %(epoch)s AND moved.earlier <= came.start
    ORDER BY moved.earlier DESC LIMIT 1
), (SELECT start FROM fieldstone.log_epoch AS own WHERE own.workspace_id = came.workspace_id AND own.epoch = %(epoch)s))
FROM pg_temp.came_epochs AS came WHERE came.epoch < %(epoch)s
ON CONFLICT (workspace_id, epoch) DO UPDATE SET first = excluded.first, last = excluded.last, start = excluded.start;

-- name: place_deliveries
-- Deliveries of events that are not kept any more come before all others.
UPDATE pg_temp.came SET position = coalesce((
    SELECT moved.position FROM fieldstone.moved_event AS moved
    WHERE moved.workspace_id = came.workspace_id AND moved.epoch = %(epoch)s AND moved.earlier = came.position
), CASE WHEN position < 0 THEN position ELSE position - 4611686018427387904 END);

-- name: pass_number
-- In the target: its rows get numbers behind `last`, see `pass_number`.
SELECT CASE WHEN way > 10000 THEN setval(sequence, %(last)s::bigint)
    ELSE (SELECT max(number) FROM (SELECT nextval(sequence) AS number FROM generate_series(1, way)) AS gone) END
FROM (
    SELECT sequence, %(last)s::bigint - coalesce(pg_sequence_last_value(sequence), 0) AS way
    FROM CAST(pg_get_serial_sequence(%(table)s, %(column)s) AS regclass) AS sequence
) AS passed
WHERE way > 0;

-- name: arrive
-- Its webhooks send from here on, and not before: the source sends until it has left the workspace. Those of a workspace that has
-- arrived already rest for another reason: its next move.
WITH tokens AS (UPDATE fieldstone.denied_token_version SET version = version + 1), arrived AS (
    UPDATE fieldstone.workspace SET presence = 'HERE', version = version
    WHERE id = %(workspace_id)s AND presence = 'COMING' RETURNING id
)
UPDATE fieldstone.webhook SET rests_until = NULL FROM arrived
WHERE webhook.workspace_id = arrived.id AND webhook.rests_until = 'infinity';

-- name: close_gate
-- In the source: from here on writes to the catalog wait that are of the workspace, see `fieldstone.require_here`.
SELECT pg_advisory_xact_lock(hashtextextended('fieldstone.rows ' || %(workspace_id)s::text, 0));

-- name: silence_webhooks
-- In the source, before the workspace is gone: they send nothing any more.
UPDATE fieldstone.webhook SET is_active = false WHERE workspace_id = %(workspace_id)s AND is_active;

-- name: leave
UPDATE fieldstone.workspace SET presence = 'GONE', version = version + 1 WHERE id = %(workspace_id)s AND presence = 'HERE';

-- name: delete_workspace
DELETE FROM fieldstone.workspace WHERE id = %(workspace_id)s AND presence = %(presence)s;

-- name: delete_idempotency
DELETE FROM fieldstone.idempotency WHERE workspace_id = %(workspace_id)s;

-- name: place
-- In the home: the workspace has its new place, and what is left of the move is to end the replication.
WITH move AS (UPDATE fieldstone.workspace_move SET step = 'LEAVE' WHERE id = %(id)s)
INSERT INTO fieldstone.placement (workspace_id, name, cell, epoch)
VALUES (%(workspace_id)s, %(name)s, %(cell)s, %(epoch)s)
ON CONFLICT (workspace_id) DO UPDATE SET cell = excluded.cell, epoch = excluded.epoch WHERE placement.epoch < excluded.epoch;

-- name: sequences
SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(%(schema)s)) AND relkind = 'S';

-- name: sequence_values
SELECT given.name, pg_sequence_last_value(given.name::regclass) AS value FROM unnest(%(names)s::text[]) AS given (name)
WHERE pg_sequence_last_value(given.name::regclass) IS NOT NULL;

-- name: advance_sequence
SELECT setval(%(sequence)s::regclass, greatest(%(value)s::bigint, coalesce(pg_sequence_last_value(%(sequence)s::regclass), 1)));
