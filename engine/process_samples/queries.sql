-- name: note_sample
WITH seen AS (
    INSERT INTO fieldstone.process AS known (id, version, worker, started_at, seen_at)
    VALUES (%(id)s::uuid, %(version)s::text, %(worker)s::integer, clock_timestamp(), clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at RETURNING id
)
INSERT INTO fieldstone.process_sample (process_id, at, data)
SELECT id, clock_timestamp(), %(data)s::jsonb FROM seen;

-- name: end_process
UPDATE fieldstone.process SET ended_at = clock_timestamp() WHERE id = %(id)s::uuid;

-- name: trim_samples
WITH old AS (
    SELECT process_id, at FROM fieldstone.process_sample WHERE at < clock_timestamp() - interval '1 day'
    ORDER BY at LIMIT %(limit)s::integer FOR UPDATE SKIP LOCKED
)
DELETE FROM fieldstone.process_sample AS sample USING old
WHERE sample.process_id = old.process_id AND sample.at = old.at RETURNING 1;

-- name: trim_processes
DELETE FROM fieldstone.process AS old
WHERE seen_at < clock_timestamp() - interval '1 day'
    AND NOT EXISTS (SELECT FROM fieldstone.process_sample AS sample WHERE sample.process_id = old.id)
RETURNING 1;

-- name: read_samples
-- The last sample of each process in each step, the step before the range among them.
SELECT DISTINCT ON (process_id, step) process_id, step, data,
    started_at >= to_timestamp(%(start)s::float8 + step * %(step)s::float8)
FROM (
    SELECT process_id, at, data, started_at, floor((extract(epoch FROM at) - %(start)s::float8) / %(step)s::float8)::integer AS step
    FROM fieldstone.process_sample JOIN fieldstone.process ON process.id = process_id
    WHERE at >= to_timestamp(%(start)s::float8 - %(step)s::float8) AND at < to_timestamp(%(end)s::float8)
) AS sample
ORDER BY process_id, step, at DESC;

-- name: list_processes
SELECT jsonb_build_object('id', id, 'version', version, 'worker', worker, 'startedAt', started_at, 'seenAt', seen_at,
    'isRunning', ended_at IS NULL AND seen_at > clock_timestamp() - make_interval(secs => %(patience)s::float8))
FROM fieldstone.process ORDER BY seen_at DESC, id LIMIT %(most)s::integer;
