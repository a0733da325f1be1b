-- fragment: event_row
position, object_id, record_id, action, to_jsonb(at AT TIME ZONE 'UTC') #>> '{}', actor_kind, actor_id, actor

-- fragment: wanted_events
-- The newest first; a NULL condition says nothing. A workspace that came back from another cell has brought its events along
-- once more: those from before are not read.
workspace_id = %(workspace)s::uuid AND object_id = ANY (%(objects)s::uuid[])
    AND position < coalesce(%(before)s::bigint, 9223372036854775807)
    AND position > coalesce((
        SELECT start FROM fieldstone.log_epoch WHERE workspace_id = %(workspace)s::uuid ORDER BY epoch DESC LIMIT 1
    ), 0)
    AND (%(actions)s::text[] IS NULL OR action = ANY (%(actions)s::text[]))
    AND (%(actor)s::uuid IS NULL OR actor_id = %(actor)s::uuid)
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s::timestamptz)
    AND (%(until)s::timestamptz IS NULL OR at < %(until)s::timestamptz)
ORDER BY position DESC LIMIT %(limit)s::integer

-- name: find_events
SELECT <<event_row>> FROM fieldstone.event_history WHERE <<wanted_events>>;

-- name: find_events_of_record
SELECT <<event_row>> FROM fieldstone.event_history WHERE record_id = %(record)s::uuid AND <<wanted_events>>;

-- name: follow_events
-- The oldest first, of the log alone.
SELECT <<event_row>> FROM fieldstone.event_log
WHERE position > %(after)s::bigint AND position <= %(upto)s::bigint
    AND workspace_id = %(workspace)s::uuid AND object_id = ANY (%(objects)s::uuid[])
    AND action = ANY (%(actions)s::text[])
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s::timestamptz)
    AND (%(until)s::timestamptz IS NULL OR at < %(until)s::timestamptz)
ORDER BY position LIMIT %(limit)s::integer;
