-- name: begin_fan_out
-- No row where the consumer is locked: nothing need be read that could not be moved past. Only the sub-select locks it: FOR UPDATE
-- reads the newest version of a row, whose position would not go with the consumers apart that the statement's snapshot has.
SELECT position, to_jsonb(updated_at) #>> '{}',
    least(position + %(batch)s::bigint, (SELECT coalesce(max(position), 0) FROM fieldstone.event_log)),
    EXISTS (SELECT FROM fieldstone.webhook WHERE is_active OR paused_at IS NOT NULL OR disabled_at IS NOT NULL),
    (SELECT coalesce(jsonb_object_agg(name, position), '{}') FROM fieldstone.log_consumer WHERE starts_with(name, %(apart)s::text))
FROM fieldstone.log_consumer WHERE name = %(name)s::text
    AND EXISTS (SELECT FROM fieldstone.log_consumer WHERE name = %(name)s::text FOR UPDATE SKIP LOCKED);

-- name: begin_apart
-- A workspace's own consumer follows that of all others and never passes it; no row where it has ended.
SELECT apart.position, to_jsonb(apart.updated_at) #>> '{}', least(apart.position + %(batch)s::bigint, consumer.position), consumer.position
FROM fieldstone.log_consumer AS apart JOIN fieldstone.log_consumer AS consumer ON consumer.name = %(name)s::text
WHERE apart.name = %(apart)s::text;

-- fragment: event
event.position, event.workspace_id, event.object_id, event.record_id, event.action, to_jsonb(event.changed),
to_jsonb(event.at AT TIME ZONE 'UTC') #>> '{}'

-- fragment: matches
-- Each event with the webhooks that wait for it.
fieldstone.event_log AS event
    JOIN fieldstone.webhook ON webhook.workspace_id = event.workspace_id AND webhook.start_position < event.position
        AND (event.at <= greatest(webhook.paused_at, webhook.disabled_at) OR webhook.is_active AND (webhook.resumed_at IS NULL
            OR event.at > webhook.resumed_at OR event.position > webhook.resumed_position))
    JOIN fieldstone.webhook_operation AS operation ON operation.webhook_id = webhook.id
        AND (operation.object_id IS NULL OR operation.object_id = event.object_id)
        AND (operation.action IS NULL OR operation.action = event.action)

-- name: match_events
SELECT <<event>>, jsonb_object_agg(webhook.id, jsonb_build_array(webhook.role_id, webhook.claims))
FROM <<matches>>
WHERE event.position > %(after)s::bigint AND event.position <= %(upto)s::bigint
    AND (%(only)s::uuid IS NULL OR event.workspace_id = %(only)s::uuid) AND event.workspace_id <> ALL (%(without)s::uuid[])
GROUP BY event.position ORDER BY event.position;

-- name: match_quiet
-- A batch of the events of webhooks that match at most `few` of those between the positions, those of the quietest ones first. Of
-- a webhook they are all, or the first ones, without those that have a delivery already: its deliveries keep their order.
WITH matching AS MATERIALIZED (
    SELECT DISTINCT event.position, webhook.id, webhook.role_id, webhook.claims
    FROM <<matches>>
    WHERE event.position > %(after)s::bigint AND event.position <= %(upto)s::bigint AND event.workspace_id = %(only)s::uuid
),
quiet AS (
    SELECT matching.*, row_number() OVER (ORDER BY counted.count, matching.id, matching.position) AS place
    FROM matching JOIN (SELECT id, count(*) FROM matching GROUP BY id) AS counted USING (id)
    WHERE counted.count <= %(few)s::bigint AND NOT EXISTS (
        SELECT FROM fieldstone.webhook_delivery AS made WHERE made.webhook_id = matching.id AND made.position = matching.position
    )
)
SELECT <<event>>, jsonb_object_agg(quiet.id, jsonb_build_array(quiet.role_id, quiet.claims))
FROM quiet JOIN fieldstone.event_log AS event ON event.position = quiet.position
WHERE quiet.place <= %(batch)s::bigint
GROUP BY event.position ORDER BY event.position;

-- name: newest_staged
SELECT max(seq) FROM fieldstone.event_staging;

-- name: is_staged
SELECT EXISTS (SELECT FROM fieldstone.event_staging WHERE seq <= %(seq)s::bigint);

-- name: insert_deliveries
-- A delivery that waits for an earlier one of its record has no due time: the process that records the result of the
-- earlier one sets it, and cannot do so before this is committed, since the earlier one is locked here. A locked one is
-- not waited for. An event has its delivery already if a look ahead has made it, which may have ended: none waits for that one.
-- Where the consumer is locked, or no longer where the events were read from, nothing is moved or made; nor where it was written
-- since, at the place where it is: by a look ahead, or a piece that ends before the first event. Deliveries that another process
-- has made there are not in this statement's snapshot, and the ones behind them would take them for theirs to wait for.
-- Consumers of single workspaces begin and end only in a statement that moves that of all others onwards, so not in a first piece
-- that ends before the first event. So while that one is where `begin_fan_out` read it, they are those that were read: one that was
-- behind is still there, and makes the deliveries that are left out here, whichever process dies; one that had caught up has not
-- moved, as it passes none; and none has begun unseen. One that has ended begins again further on only: what was read for it
-- before finds no row at `after`.
WITH free AS (
    SELECT name FROM fieldstone.log_consumer
    WHERE name = %(name)s::text AND position = %(after)s::bigint AND updated_at = %(since)s::timestamptz
    FOR UPDATE SKIP LOCKED
),
moved AS (
    UPDATE fieldstone.log_consumer AS consumer SET position = %(upto)s::bigint, updated_at = now()
    FROM free WHERE consumer.name = free.name RETURNING consumer.position, consumer.updated_at
),
begun AS (
    INSERT INTO fieldstone.log_consumer (name, position)
    SELECT begun.name, %(after)s::bigint FROM unnest(%(apart)s::text[]) AS begun (name) CROSS JOIN moved
    WHERE moved.position > %(after)s::bigint ON CONFLICT (name) DO NOTHING
),
ended AS (
    DELETE FROM fieldstone.log_consumer
    WHERE name = ANY (%(joined)s::text[]) AND position = %(after)s::bigint
        AND EXISTS (SELECT FROM moved WHERE moved.position > %(after)s::bigint)
),
made AS (
INSERT INTO fieldstone.webhook_delivery (id, workspace_id, webhook_id, position, event, object_id, record_id, payload, rights, due_at)
SELECT new.id, new.workspace_id, new.webhook_id, new.position, new.event, new.object_id, new.record_id, new.payload, new.rights,
    CASE WHEN new.place = 1 AND earlier.id IS NULL THEN now() END
FROM (
        SELECT link.id, link.webhook_id, link.rights, event.*,
            row_number() OVER (PARTITION BY link.webhook_id, event.record_id ORDER BY event.position) AS place
        FROM jsonb_to_recordset(%(events)s::jsonb) AS event
                (position bigint, variant int, workspace_id uuid, object_id uuid, record_id uuid, event text, payload text)
            JOIN jsonb_to_recordset(%(links)s::jsonb) AS link (id uuid, webhook_id uuid, position bigint, variant int, rights text)
                ON link.position = event.position AND link.variant = event.variant
            JOIN fieldstone.webhook ON webhook.id = link.webhook_id
            CROSS JOIN moved
        WHERE NOT EXISTS (
            SELECT FROM fieldstone.webhook_delivery AS made
            WHERE made.webhook_id = link.webhook_id AND made.position = link.position
        )
    ) AS new
    LEFT JOIN LATERAL (
        SELECT pending.id FROM fieldstone.webhook_delivery AS pending
        WHERE pending.webhook_id = new.webhook_id AND pending.record_id = new.record_id AND pending.status = 'PENDING'
        ORDER BY pending.position DESC LIMIT 1
        FOR SHARE SKIP LOCKED
    ) AS earlier ON new.place = 1
ORDER BY new.position
ON CONFLICT (webhook_id, position) DO NOTHING RETURNING id
)
SELECT (SELECT count(*) FROM made), to_jsonb(moved.updated_at) #>> '{}' FROM moved;

-- name: claim_deliveries
-- A place that is taken is not given back before the target has answered. So where several workspaces have webhooks, one
-- takes a place only while it has no more places than are free: half of all when it is alone, a third each of two, and a
-- newcomer finds one. https://doi.org/10.1109/90.664262
-- The claim is committed before its answer is read, so the answer must not be too large: the payloads are bounded here.
WITH RECURSIVE waiting AS (
    (SELECT webhook_id FROM fieldstone.webhook_delivery WHERE status = 'PENDING' ORDER BY webhook_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.webhook_id FROM fieldstone.webhook_delivery AS next
        WHERE next.status = 'PENDING' AND next.webhook_id > waiting.webhook_id ORDER BY next.webhook_id LIMIT 1)
    FROM waiting WHERE waiting.webhook_id IS NOT NULL
),
sharing AS (SELECT count(DISTINCT workspace_id) > 1 AS shared FROM fieldstone.webhook WHERE is_active),
open AS (
    SELECT webhook.id, webhook.workspace_id, webhook.target_url, webhook.secret, webhook.failures > 0 AS is_failing,
        coalesce(busy.count, 0) AS busy,
        greatest(0, CASE WHEN webhook.failures > 0 THEN 1 ELSE %(each)s::int END - coalesce(busy.count, 0)) AS room
    FROM waiting JOIN fieldstone.webhook ON webhook.id = waiting.webhook_id
        LEFT JOIN unnest(%(webhooks)s::uuid[], %(webhook_counts)s::int[]) AS busy (webhook_id, count) ON busy.webhook_id = webhook.id
    WHERE webhook.is_active AND (webhook.rests_until IS NULL OR webhook.rests_until <= now())
),
found AS (
    SELECT due.id, due.size, open.workspace_id, open.target_url, open.secret, open.is_failing,
        open.busy + row_number() OVER (PARTITION BY open.id ORDER BY due.due_at, due.position) AS turn
    FROM open CROSS JOIN LATERAL (
        SELECT delivery.id, delivery.due_at, delivery.position, octet_length(delivery.payload) AS size
        FROM fieldstone.webhook_delivery AS delivery
        WHERE delivery.webhook_id = open.id AND delivery.status = 'PENDING' AND delivery.due_at <= now()
            AND NOT EXISTS (
                SELECT FROM fieldstone.webhook_delivery AS earlier
                WHERE earlier.webhook_id = delivery.webhook_id AND earlier.record_id = delivery.record_id
                    AND earlier.status = 'PENDING' AND earlier.position < delivery.position
            )
        ORDER BY delivery.due_at, delivery.position LIMIT open.room
        FOR UPDATE SKIP LOCKED
    ) AS due
),
lined_up AS (
    SELECT found.*, coalesce(crowd.busy, 0) AS busy, CASE WHEN shared THEN coalesce(crowd.failing, 0)
        + row_number() OVER (PARTITION BY found.workspace_id, is_failing ORDER BY turn, id) ELSE 1 END AS share
    FROM found CROSS JOIN sharing LEFT JOIN unnest(%(workspaces)s::uuid[], %(workspace_counts)s::int[], %(failing_counts)s::int[])
        AS crowd (workspace_id, busy, failing) ON crowd.workspace_id = found.workspace_id
),
placed AS (
    SELECT lined_up.*, row_number() OVER (PARTITION BY is_failing ORDER BY share, turn, id) AS place FROM lined_up
),
fitting AS (
    SELECT placed.id, size, target_url, secret, is_failing, turn, CASE WHEN shared THEN busy
        + row_number() OVER (PARTITION BY placed.workspace_id ORDER BY turn, id) ELSE 1 END AS share
    FROM placed CROSS JOIN sharing WHERE NOT is_failing OR share + place <= %(failing)s::int + 1
),
picked AS (
    SELECT * FROM (
        SELECT ordered.*, sum(size) OVER (ORDER BY place) - size AS ahead FROM (
            SELECT fitting.*, row_number() OVER (ORDER BY share, turn, id) AS place FROM fitting
        ) AS ordered
        WHERE share + place <= %(total)s::int + 1
    ) AS counted
    WHERE ahead < %(bytes)s::bigint
)
UPDATE fieldstone.webhook_delivery AS delivery
SET claim = %(claim)s::uuid, due_at = now() + %(lease)s::float8 * interval '1 second', attempts = attempts + 1, attempted_at = now()
FROM picked WHERE delivery.id = picked.id
RETURNING delivery.id, delivery.webhook_id, delivery.event, delivery.payload, delivery.attempts, picked.target_url,
    picked.secret, picked.is_failing, delivery.workspace_id, delivery.position, delivery.object_id, delivery.rights,
    (SELECT webhook.role_id FROM fieldstone.webhook WHERE webhook.id = delivery.webhook_id),
    (SELECT webhook.claims::text FROM fieldstone.webhook WHERE webhook.id = delivery.webhook_id);

-- name: find_event
SELECT <<event>>, jsonb_build_object(webhook.id, jsonb_build_array(webhook.role_id, webhook.claims))
FROM fieldstone.event_history AS event JOIN fieldstone.webhook ON webhook.workspace_id = event.workspace_id
WHERE event.position = %(position)s::bigint AND webhook.id = %(webhook_id)s::uuid AND webhook.role_id IS NOT NULL;

-- name: renew_payload
-- The payload is right for another process, too, that has taken the delivery over in the meantime.
UPDATE fieldstone.webhook_delivery
SET payload = %(payload)s::text, rights = %(rights)s::text, object_id = %(object_id)s::uuid
WHERE id = %(id)s::uuid AND status = 'PENDING' RETURNING claim = %(claim)s::uuid;

-- name: record_results
WITH result AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(results)s::jsonb) AS result (id uuid, claim uuid, try uuid, is_try boolean,
        status text, pause float8, response_status int, response_body text, error text, duration_ms int)
),
noted AS (
    UPDATE fieldstone.webhook_delivery AS delivery
    SET status = result.status, claim = NULL, due_at = now() + result.pause * interval '1 second',
        finished_at = CASE WHEN result.status <> 'PENDING' THEN now() END, response_status = result.response_status,
        response_body = result.response_body, error = result.error, duration_ms = result.duration_ms
    FROM result WHERE delivery.id = result.id AND delivery.claim = result.claim
    RETURNING delivery.id, delivery.workspace_id
)
INSERT INTO fieldstone.webhook_try (id, workspace_id, delivery_id, at, status, ms, error, answer)
SELECT result.try, noted.workspace_id, result.id, now() - result.duration_ms * interval '1 millisecond',
    result.response_status, result.duration_ms, result.error, result.response_body
FROM result JOIN noted USING (id) WHERE result.is_try;

-- name: promote_deliveries
-- Those that waited for the deliveries that have ended.
UPDATE fieldstone.webhook_delivery AS delivery SET due_at = now()
FROM (
    SELECT DISTINCT ended.webhook_id, ended.record_id FROM fieldstone.webhook_delivery AS ended
    WHERE ended.id = ANY (%(ended)s::uuid[]) AND ended.status <> 'PENDING'
) AS freed
WHERE delivery.due_at IS NULL AND delivery.status = 'PENDING' AND delivery.id = (
    SELECT next.id FROM fieldstone.webhook_delivery AS next
    WHERE next.webhook_id = freed.webhook_id AND next.record_id = freed.record_id AND next.status = 'PENDING'
    ORDER BY next.position LIMIT 1
);

-- name: judge_webhooks
-- A rest grows with the failures behind `patience`; the time that the target asked for counts where it is longer.
-- Failures that are further apart than the backoff explains begin a new series: nothing was tried in between.
UPDATE fieldstone.webhook SET
    failures = CASE WHEN verdict.delivered THEN 0 ELSE webhook.failures + verdict.failed END,
    failing_since = CASE WHEN NOT verdict.delivered THEN coalesce(
        CASE WHEN webhook.failed_at > now() - %(series)s::float8 * interval '1 second' THEN webhook.failing_since END, now()
    ) END,
    failed_at = CASE WHEN NOT verdict.delivered THEN now() END,
    rests_until = greatest(
        CASE WHEN NOT verdict.delivered AND webhook.failures + verdict.failed >= %(patience)s::int THEN
            now() + least(%(longest_rest)s::float8, %(first_rest)s::float8 * 2 ^ least(30, webhook.failures + verdict.failed - %(patience)s::int))
                * (0.5 + random() / 2) * interval '1 second'
        END,
        now() + verdict.asked * interval '1 second'
    ),
    is_active = (verdict.delivered OR webhook.failing_since > now() - %(disable_after)s::float8 * interval '1 second'
        OR webhook.failed_at <= now() - %(series)s::float8 * interval '1 second') IS NOT FALSE,
    disabled_at = CASE WHEN NOT verdict.delivered
        AND webhook.failing_since <= now() - %(disable_after)s::float8 * interval '1 second'
        AND webhook.failed_at > now() - %(series)s::float8 * interval '1 second' THEN now() END,
    disabled_reason = CASE WHEN NOT verdict.delivered
        AND webhook.failing_since <= now() - %(disable_after)s::float8 * interval '1 second'
        AND webhook.failed_at > now() - %(series)s::float8 * interval '1 second'
        THEN 'Each attempt since ' || to_char(webhook.failing_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            || ' has failed, at last: ' || verdict.error END
FROM (SELECT * FROM jsonb_to_recordset(%(verdicts)s::jsonb) AS given (id uuid, delivered boolean, failed int, asked float8,
    error text) ORDER BY given.id) AS verdict
WHERE webhook.id = verdict.id AND webhook.is_active AND (webhook.failures > 0 OR NOT verdict.delivered
    OR verdict.asked IS NOT NULL)
RETURNING webhook.id, webhook.disabled_reason;

-- name: release_deliveries
UPDATE fieldstone.webhook_delivery SET claim = NULL, due_at = now() + %(pause)s::float8 * interval '1 second', attempts = attempts - 1
WHERE claim = ANY (%(claims)s::uuid[]) AND id = ANY (%(ids)s::uuid[]);

-- name: trim_deliveries
DELETE FROM fieldstone.webhook_delivery WHERE id = ANY (ARRAY(
    SELECT id FROM fieldstone.webhook_delivery
    WHERE status <> 'PENDING' AND finished_at < now() - least(%(delivered)s::float8, %(failed)s::float8) * interval '1 second'
        AND finished_at < now() - CASE status WHEN 'FAILED' THEN %(failed)s::float8 ELSE %(delivered)s::float8 END * interval '1 second'
    ORDER BY finished_at LIMIT %(limit)s::int FOR UPDATE SKIP LOCKED
)) RETURNING id;

-- name: revive_deliveries
-- Each end of a delivery frees the next of its record; this finds deliveries that wait for nothing all the same.
UPDATE fieldstone.webhook_delivery AS delivery SET due_at = now()
WHERE delivery.status = 'PENDING' AND delivery.due_at IS NULL AND NOT EXISTS (
    SELECT FROM fieldstone.webhook_delivery AS earlier
    WHERE earlier.webhook_id = delivery.webhook_id AND earlier.record_id = delivery.record_id
        AND earlier.status = 'PENDING' AND earlier.position < delivery.position
) RETURNING delivery.id;

-- name: measure_backlog
SELECT count(*), coalesce(extract(epoch FROM now() - min(delivery.created_at)), 0)
FROM fieldstone.webhook_delivery AS delivery JOIN fieldstone.webhook ON webhook.id = delivery.webhook_id
WHERE delivery.status = 'PENDING' AND webhook.is_active;
