"""The baseline's SQL for filters over relations, groups, orders by counts, nested creates and upserts."""

SOME = """
SELECT '{"data":{"people":{"edges":[' || coalesce(string_agg(edge, ',') FILTER (WHERE number <= 20), '')
    || '],"pageInfo":{"hasNextPage":' || (count(*) > 20)::text || '}}}}'
FROM (
    SELECT row_number() OVER () AS number,
        '{"node":{"id":"' || id || '","firstName":' || coalesce(to_json("firstName")::text, 'null')
        || ',"lastName":' || coalesce(to_json("lastName")::text, 'null') || ',"email":' || to_json(email)
        || ',"createdAt":' || to_json("createdAt") || '}}' AS edge
    FROM (
        SELECT id, "firstName", "lastName", email, "createdAt" FROM ${schema}.person AS p
        WHERE "deletedAt" IS NULL AND EXISTS (
            SELECT FROM ${schema}.opportunity AS o
            WHERE o."personId" = p.id AND o."deletedAt" IS NULL AND o.stage <> 'CUSTOMER' AND o.amount > $$1::numeric
        )
        ORDER BY "createdAt" DESC, id DESC LIMIT 21
    ) AS p
) AS edges
"""

GROUPS = """
SELECT '{"data":{"opportunitiesGroupBy":[' || coalesce(string_agg(
    '{"key":{"stage":' || coalesce(to_json(stage)::text, 'null')
    || ',"closeDate":' || coalesce('{"date":"' || month || '"}', '{"date":null}') || '},"count":' || number
    || ',"sum":{"amount":' || coalesce(total::text, 'null') || '}}',
    ',' ORDER BY array_position('{NEW,SCREENING,MEETING,PROPOSAL,CUSTOMER}'::text[], stage), month), '') || ']}}'
FROM (
    SELECT stage, date_trunc('month', "closeDate"::timestamp)::date AS month, count(*) AS number, sum(amount) AS total
    FROM ${schema}.opportunity WHERE "deletedAt" IS NULL GROUP BY 1, 2
) AS groups
"""

COMPANIES = """
SELECT '{"data":{"companies":{"edges":[' || coalesce(string_agg(edge, ',') FILTER (WHERE number <= ${size}), '')
    || '],"pageInfo":{"hasNextPage":' || (count(*) > ${size})::text || ',"endCursor":'
    || coalesce(to_json(max(cursor) FILTER (WHERE number = least(total, ${size})))::text, 'null') || '}}}}'
FROM (
    SELECT row_number() OVER () AS number, count(*) OVER () AS total, people || '|' || id AS cursor,
        '{"node":{"id":"' || id || '","name":' || coalesce(to_json(name)::text, 'null')
        || ',"people":{"totalCount":' || people || '}}}' AS edge
    FROM (
        SELECT c.id, c.name, coalesce(people, 0) AS people
        FROM ${schema}.company AS c
        LEFT JOIN (
            SELECT "companyId", count(*) AS people FROM ${schema}.person WHERE "deletedAt" IS NULL GROUP BY 1
        ) AS p ON p."companyId" = c.id
        WHERE c."deletedAt" IS NULL AND ${after} ORDER BY 3 DESC, c.id DESC LIMIT ${size} + 1
    ) AS c
) AS edges
"""

NESTED_CREATE = """
WITH company AS (
    INSERT INTO ${schema}.company (id, name, website, "createdBySource", "createdByName", "createdByContext")
    VALUES ($$1::uuid, $$2, $$3, 'API', 'baseline', ${context}) RETURNING *
), people AS (
    INSERT INTO ${schema}.person
        (id, "firstName", "lastName", email, "companyId", "createdBySource", "createdByName", "createdByContext")
    SELECT gen_random_uuid(), "firstName", "lastName", email, $$1::uuid, 'API', 'baseline', ${context}
    FROM json_to_recordset($$4::json) AS given ("firstName" text, "lastName" text, email text) RETURNING *
), company_event AS (
    INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, after, actor)
    SELECT kind.workspace, kind.object, company.id, 'created', to_jsonb(company), ${actor}
    FROM company, (SELECT w.id AS workspace, o.id AS object
        FROM fieldstone.workspace AS w, fieldstone.object AS o
        WHERE w.schema_name = ${schema_name} AND o.workspace_id = w.id AND o.name_singular = 'company') AS kind
), people_events AS (
    INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, after, actor)
    SELECT kind.workspace, kind.object, people.id, 'created', to_jsonb(people), ${actor}
    FROM people, (SELECT w.id AS workspace, o.id AS object
        FROM fieldstone.workspace AS w, fieldstone.object AS o
        WHERE w.schema_name = ${schema_name} AND o.workspace_id = w.id AND o.name_singular = 'person') AS kind
)
SELECT '{"data":{"createCompany":{"id":"' || id || '","createdAt":' || to_json("createdAt")
    || ',"people":{"edges":['
    || (SELECT string_agg('{"node":{"id":"' || id || '"}}', ',' ORDER BY id) FROM people) || ']}}}}'
FROM company
"""

UPSERT = """
WITH written AS (
    INSERT INTO ${schema}.person AS p
        (id, "firstName", "lastName", email, "jobTitle", "createdBySource", "createdByName", "createdByContext")
    VALUES ($$1::uuid, $$2, $$3, $$4, $$5, 'API', 'baseline', ${context})
    ON CONFLICT (email) WHERE "deletedAt" IS NULL DO UPDATE SET "firstName" = excluded."firstName",
        "lastName" = excluded."lastName", "jobTitle" = excluded."jobTitle", "updatedAt" = now()
    RETURNING new.id, new."updatedAt", old.id IS NULL AS created,
        CASE WHEN old.id IS NOT NULL THEN to_jsonb(old) END AS before, to_jsonb(new) AS after
), event AS (
    INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, before, after, actor)
    SELECT kind.workspace, kind.object, written.id, CASE WHEN created THEN 'created' ELSE 'updated' END, before, after,
        ${actor}
    FROM written, (SELECT w.id AS workspace, o.id AS object
        FROM fieldstone.workspace AS w, fieldstone.object AS o
        WHERE w.schema_name = ${schema_name} AND o.workspace_id = w.id AND o.name_singular = 'person') AS kind
)
SELECT '{"data":{"upsertPerson":{"created":' || created::text || ',"record":{"id":"' || id || '","updatedAt":'
    || to_json("updatedAt") || '}}}}' FROM written
"""
