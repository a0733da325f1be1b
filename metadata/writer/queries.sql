-- name: lock_timeout
SELECT current_setting('lock_timeout');

-- name: share_gate
-- As the triggers of `fieldstone.require_here` do.
SELECT pg_advisory_xact_lock_shared(hashtextextended('fieldstone.rows ' || %(workspace_id)s::text, 0));
