-- name: lock_timeout
SELECT current_setting('lock_timeout');

-- name: lock_holder
-- The session that holds a lock of two numbers, or of the one that is made of a word and a workspace's id.
SELECT holder.pid, coalesce(holder.usename::text, 'unknown'), holder.application_name
FROM pg_locks AS held JOIN pg_stat_activity AS holder USING (pid)
WHERE held.locktype = 'advisory' AND held.granted AND held.pid <> pg_backend_pid()
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND CASE held.objsubid WHEN 2 THEN held.classid::bigint = %(space)s AND held.objid::bigint = %(lock)s
        ELSE (held.classid::bigint << 32) | held.objid::bigint = hashtextextended(%(word)s, 0) END
LIMIT 1;

-- name: share_gate
-- As the triggers of `fieldstone.require_here` do.
SELECT pg_advisory_xact_lock_shared(hashtextextended('fieldstone.rows ' || %(workspace_id)s::text, 0));
