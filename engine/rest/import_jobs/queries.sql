-- name: take_turn
-- The places of a workspace are counted by one request at a time.
SELECT pg_advisory_xact_lock(hashtextextended('import jobs of ' || %(workspace)s::text, 0));

-- name: count_jobs
SELECT count(*) FILTER (WHERE status IN ('CHECKING', 'RUNNING', 'UNDOING')),
    count(*) FILTER (WHERE status IN ('CHECKING', 'RUNNING', 'UNDOING') AND subject_id = %(subject)s::uuid),
    count(*) FILTER (WHERE status = 'RECEIVING' OR EXISTS (
        SELECT FROM fieldstone.import_chunk WHERE job_id = job.id AND number = 0))
FROM fieldstone.import_job AS job WHERE workspace_id = %(workspace)s::uuid;

-- name: create_job
INSERT INTO fieldstone.import_job (id, workspace_id, object_id, format, name, status, subject_id, subject_name,
    credential_kind, credential_hash, address, token, acts_as, options, lease, leased_until)
VALUES (%(id)s::uuid, %(workspace)s::uuid, %(object)s::uuid, %(format)s::text, %(name)s::text, 'RECEIVING',
    %(subject)s::uuid, %(subject_name)s::text, %(kind)s::text, decode(%(hash)s::text, 'hex'), %(address)s::text,
    %(token)s::text, %(acts_as)s::text, %(options)s::jsonb, NULL, NULL);

-- name: add_chunk
-- Returns the bytes of all files of the workspace; nothing where the job has gone. Jobs that are over have none.
WITH grown AS (
    UPDATE fieldstone.import_job SET size = size + %(length)s::bigint, updated_at = clock_timestamp()
    WHERE id = %(id)s::uuid AND status = 'RECEIVING' RETURNING id, workspace_id
),
added AS (
    INSERT INTO fieldstone.import_chunk (job_id, number, data)
    SELECT id, %(number)s::integer, decode(%(data)s::text, 'base64') FROM grown
)
SELECT (SELECT coalesce(sum(size), 0) FROM fieldstone.import_job AS other
    WHERE other.workspace_id = grown.workspace_id AND EXISTS (
        SELECT FROM fieldstone.import_chunk WHERE job_id = other.id AND number = 0)) + %(length)s::bigint
FROM grown;

-- name: end_receiving
UPDATE fieldstone.import_job SET status = 'READY', head = %(head)s::jsonb, updated_at = clock_timestamp()
WHERE id = %(id)s::uuid AND status = 'RECEIVING' RETURNING 1;

-- name: read_chunk
SELECT translate(encode(data, 'base64'), E'\n', '') FROM fieldstone.import_chunk
WHERE job_id = %(id)s::uuid AND number = %(number)s::integer;

-- name: list_jobs
-- Those of an owner and those of some objects; those of all owners without a subject.
SELECT to_jsonb(job) - 'credential_hash' || jsonb_build_object('owner', held.owner, 'has_batches', EXISTS (
        SELECT FROM fieldstone.import_batch WHERE job_id = job.id), 'has_undone', EXISTS (
        SELECT FROM fieldstone.import_batch WHERE job_id = job.id AND is_undone))
FROM fieldstone.import_job AS job, coalesce(job.owner, jsonb_build_object(
        'id', subject_id, 'name', subject_name, 'actsAs', acts_as)) AS held (owner)
WHERE workspace_id = %(workspace)s::uuid AND (%(subject)s::uuid IS NULL OR object_id = ANY (%(objects)s::uuid[])
        OR (held.owner ->> 'id' = %(subject)s::uuid::text AND held.owner ->> 'actsAs' IS NOT DISTINCT FROM %(acts_as)s::text))
    AND (%(id)s::uuid IS NULL OR id = %(id)s::uuid)
ORDER BY created_at DESC, id DESC LIMIT %(most)s::integer;

-- name: start_job
UPDATE fieldstone.import_job SET status = %(status)s::text, options = %(options)s::jsonb, error = NULL, lease = NULL,
    leased_until = NULL, finished_at = NULL, updated_at = clock_timestamp(),
    owner = coalesce(owner, jsonb_build_object('id', subject_id, 'name', subject_name, 'actsAs', acts_as)),
    subject_id = %(subject)s::uuid, subject_name = %(subject_name)s::text, credential_kind = %(kind)s::text,
    credential_hash = decode(%(hash)s::text, 'hex'), address = %(address)s::text, token = %(token)s::text,
    acts_as = %(acts_as)s::text,
    created = CASE WHEN %(begins)s::boolean THEN 0 ELSE created END,
    updated = CASE WHEN %(begins)s::boolean THEN 0 ELSE updated END,
    failed = CASE WHEN %(begins)s::boolean THEN 0 ELSE failed END,
    bytes_read = CASE WHEN %(status)s::text = 'UNDOING' THEN bytes_read ELSE 0 END,
    ignored = CASE WHEN %(begins)s::boolean THEN '[]' ELSE ignored END
WHERE id = %(id)s::uuid;

-- name: forget_errors
DELETE FROM fieldstone.import_error WHERE job_id = %(id)s::uuid;

-- name: set_options
UPDATE fieldstone.import_job SET options = %(options)s::jsonb, updated_at = clock_timestamp() WHERE id = %(id)s::uuid;

-- name: stop_job
-- A batch that is about to be committed holds the row; one that comes after finds that its lease has ended.
UPDATE fieldstone.import_job SET status = CASE WHEN status = 'UNDOING' THEN 'FAILED' ELSE 'STOPPED' END, lease = NULL,
    leased_until = NULL, updated_at = clock_timestamp(), finished_at = clock_timestamp(), error = %(error)s::jsonb
WHERE id = %(id)s::uuid AND status IN ('CHECKING', 'RUNNING', 'UNDOING') RETURNING 1;

-- name: remove_job
DELETE FROM fieldstone.import_job WHERE id = %(id)s::uuid;

-- name: remove_file
DELETE FROM fieldstone.import_chunk WHERE job_id = %(id)s::uuid;

-- name: remove_records
WITH old AS (
    SELECT record.ctid FROM fieldstone.import_record AS record WHERE job_id = %(id)s::uuid LIMIT %(limit)s::integer
)
DELETE FROM fieldstone.import_record WHERE ctid = ANY (ARRAY(SELECT ctid FROM old)) RETURNING 1;

-- name: list_errors
SELECT row_number, line, field, code, message, record FROM fieldstone.import_error
WHERE job_id = %(id)s::uuid AND row_number > %(after)s::integer ORDER BY row_number LIMIT 1000;

-- name: claim_job
-- Those that have waited for the longest come first. One whose workspace moves is taken up in its new place.
UPDATE fieldstone.import_job SET lease = %(lease)s::uuid,
    leased_until = clock_timestamp() + make_interval(secs => %(seconds)s::float8)
WHERE id = (
    SELECT id FROM fieldstone.import_job
    WHERE status IN ('CHECKING', 'RUNNING', 'UNDOING')
        AND (leased_until IS NULL OR leased_until < clock_timestamp()) AND NOT (id = ANY (%(own)s::uuid[]))
        AND NOT (workspace_id = ANY (%(full)s::uuid[]))
        AND EXISTS (SELECT FROM fieldstone.workspace WHERE workspace.id = workspace_id AND presence = 'HERE')
    ORDER BY updated_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING to_jsonb(import_job);

-- name: keep_lease
UPDATE fieldstone.import_job SET leased_until = clock_timestamp() + make_interval(secs => %(seconds)s::float8)
WHERE id = %(id)s::uuid AND lease = %(lease)s::uuid RETURNING 1;

-- name: give_back
UPDATE fieldstone.import_job SET lease = NULL, leased_until = NULL
WHERE id = %(id)s::uuid AND lease = %(lease)s::uuid;

-- name: note_progress
WITH own AS (
    UPDATE fieldstone.import_job SET bytes_read = %(bytes)s::bigint, failed = %(failed)s::bigint,
        created = coalesce(%(created)s::bigint, created), updated = coalesce(%(updated)s::bigint, updated),
        ignored = %(ignored)s::jsonb, updated_at = clock_timestamp(),
        leased_until = clock_timestamp() + make_interval(secs => %(seconds)s::float8)
    WHERE id = %(id)s::uuid AND lease = %(lease)s::uuid RETURNING id
),
refused AS (
    INSERT INTO fieldstone.import_error (job_id, row_number, line, field, code, message, record)
    SELECT own.id, given."row", given.line, given.field, given.code, given.message, given.record
    FROM own, jsonb_to_recordset(%(errors)s::jsonb)
        AS given ("row" integer, line integer, field text, code text, message text, record text)
    ON CONFLICT DO NOTHING
)
SELECT 1 FROM own;

-- name: end_job
UPDATE fieldstone.import_job SET status = %(status)s::text, error = %(error)s::jsonb, lease = NULL, leased_until = NULL,
    finished_at = clock_timestamp(), updated_at = clock_timestamp(),
    bytes_read = CASE WHEN %(status)s::text IN ('DONE', 'CHECKED') THEN size ELSE bytes_read END
WHERE id = %(id)s::uuid AND lease = %(lease)s::uuid RETURNING 1;

-- name: done_rows
SELECT (SELECT to_jsonb(ARRAY(
    SELECT jsonb_build_array(lower(r), upper(r)) FROM unnest((
        SELECT range_agg(one) FROM fieldstone.import_batch, unnest(row_numbers) AS one WHERE job_id = %(id)s::uuid
    )) AS r ORDER BY lower(r)
))), (SELECT to_jsonb(ARRAY(
    SELECT row_number FROM fieldstone.import_error WHERE job_id = %(id)s::uuid ORDER BY row_number
)));

-- name: hold_job
-- The row is held up to the end of the transaction: nobody takes a job over whose batch is being written.
SELECT lease IS NOT DISTINCT FROM %(lease)s::uuid FROM fieldstone.import_job WHERE id = %(id)s::uuid FOR NO KEY UPDATE;

-- name: is_batch_kept
SELECT EXISTS (
    SELECT FROM fieldstone.import_batch WHERE job_id = %(id)s::uuid AND first_row = %(first)s::integer
);

-- name: keep_batch
-- The events of the transaction so far name the records that it has written.
WITH own AS (
    UPDATE fieldstone.import_job SET updated_at = clock_timestamp(), created = created + %(created)s::bigint,
        updated = updated + %(updated)s::bigint,
        leased_until = clock_timestamp() + make_interval(secs => %(seconds)s::float8)
    WHERE id = %(id)s::uuid AND lease = %(lease)s::uuid
    RETURNING id, workspace_id, object_id
),
batch AS (
    INSERT INTO fieldstone.import_batch (job_id, first_row, row_numbers)
    SELECT id, %(first)s::integer, %(rows)s::int4multirange FROM own
),
records AS (
    INSERT INTO fieldstone.import_record (job_id, first_row, record_id, written_at, before)
    SELECT own.id, %(first)s::integer, event.record_id, event.after ->> %(stamp)s::text,
        CASE
            -- A record of another object is only counted: an undo gives back those of the job's own.
            WHEN event.object_id <> own.object_id THEN jsonb_build_object('object', event.object_id,
                'image', jsonb_build_object(%(stamp)s::text, event.after ->> %(stamp)s::text), 'changed', '[]'::jsonb)
            WHEN event.action <> 'created' THEN jsonb_build_object('image', event.before, 'changed', ARRAY(
                -- 1.5 and 1.50 are equal as jsonb.
                SELECT one.key FROM jsonb_each(event.after) AS one
                WHERE one.value::text IS DISTINCT FROM (event.before -> one.key)::text
            ))
        END
    FROM own JOIN fieldstone.event_staging AS event USING (workspace_id)
    WHERE event.xmin = pg_current_xact_id()::xid
)
SELECT count(*) FROM own;

-- name: next_batch
-- The newest batch first, as a later one may have written the records of an earlier one again.
SELECT first_row FROM fieldstone.import_batch WHERE job_id = %(id)s::uuid AND NOT is_undone
ORDER BY number DESC LIMIT 1;

-- name: batch_records
-- Of the batches that have written a record, the one that is undone last counts it.
SELECT record_id, written_at, before, NOT EXISTS (
    SELECT FROM fieldstone.import_record AS other JOIN fieldstone.import_batch AS batch USING (job_id, first_row)
    WHERE other.job_id = one.job_id AND other.record_id = one.record_id AND other.first_row <> one.first_row
        AND other.before -> 'object' IS NOT DISTINCT FROM one.before -> 'object' AND NOT batch.is_undone
)
FROM fieldstone.import_record AS one WHERE job_id = %(id)s::uuid AND first_row = %(first)s::integer;

-- name: undo_batch
WITH own AS (
    UPDATE fieldstone.import_job SET updated_at = clock_timestamp(), undone = undone + %(undone)s::bigint,
        kept = kept + %(kept)s::bigint, leased_until = clock_timestamp() + make_interval(secs => %(seconds)s::float8)
    WHERE id = %(id)s::uuid AND lease = %(lease)s::uuid AND EXISTS (
        SELECT FROM fieldstone.import_batch
        WHERE job_id = %(id)s::uuid AND first_row = %(first)s::integer AND NOT is_undone
    )
    RETURNING id
),
batch AS (
    UPDATE fieldstone.import_batch SET is_undone = true FROM own
    WHERE job_id = own.id AND first_row = %(first)s::integer
),
stamped AS (
    -- An earlier batch that wrote the same records finds them as this transaction leaves them. One of which no value was to
    -- be given back has the stamp that it had.
    UPDATE fieldstone.import_record AS earlier SET written_at = coalesce(nullif(undone.stamp, ''), now()::text)
    FROM own, unnest(%(ids)s::uuid[], %(stamps)s::text[]) AS undone (id, stamp)
    WHERE earlier.job_id = own.id AND earlier.first_row <> %(first)s::integer AND earlier.record_id = undone.id
)
SELECT (SELECT count(*) FROM own);

-- name: old_jobs
SELECT id FROM fieldstone.import_job
WHERE ((updated_at < clock_timestamp() - make_interval(hours => %(hours)s::integer)
        AND status NOT IN ('CHECKING', 'RUNNING', 'UNDOING'))
    OR (status = 'RECEIVING' AND updated_at < clock_timestamp() - interval '10 minutes'))
    AND EXISTS (SELECT FROM fieldstone.workspace WHERE workspace.id = workspace_id AND presence = 'HERE')
ORDER BY updated_at LIMIT 100;
