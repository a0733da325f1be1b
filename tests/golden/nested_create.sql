WITH written AS (
  INSERT INTO "workspace_default"."company" AS t0 (
    "id","name","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "website","employees","annualRevenue"
  )
  SELECT $1::uuid,$2::text,$3::text,$4::uuid,$5::text,$6::jsonb,$7::double precision,$8::text,$9::integer,$10::numeric
  RETURNING t0.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'878b63c0-6f18-5bcb-b29c-a3eec1f1015f'::uuid,t1."id",
    'created',NULL::jsonb,to_jsonb(t1.*),$11::text
  FROM written AS t1
)
SELECT NULL::text AS problem,ARRAY[t2."id"] AS ids,NULL::text AS answer
FROM (SELECT) AS t3
LEFT JOIN written AS t2 ON true;
WITH given AS (
  SELECT t0.v0 AS c0,t0.v1 AS c1,t0.v2 AS c2,t0.v3 AS c3,t0.v4 AS c4,t0.v5 AS c5,t0.v6 AS c6,t0.v7 AS c7,t0.v8
    AS c8,t0.v9 AS c9,t0.v10 AS c10,t0.v11 AS c11,t0.v12 AS g0,t0.v12 AS r0,t0.position
  FROM ROWS
  FROM (
    json_to_recordset($1::json) AS (
      "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
        "createdByContext" jsonb,"position" double precision,"firstName" text,"lastName" text,"email" text,
        "phone" text,"jobTitle" text,"city" text,"company:known" uuid
    )
  )
  WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,position)
)
,written AS (
  INSERT INTO "workspace_default"."person" AS t2 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city","companyId"
  )
  SELECT t1.c0,t1.c1,t1.c2,t1.c3,t1.c4,t1.c5,t1.c6,t1.c7,t1.c8,t1.c9,t1.c10,t1.c11,t1.r0
  FROM given AS t1
  ORDER BY t1.position
  RETURNING t2.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t3."id",
    'created',NULL::jsonb,to_jsonb(t3.*),$2::text
  FROM written AS t3
)
SELECT NULL::text AS problem,COALESCE(array_agg(t4."id"),'{}'::uuid[]) AS ids,NULL::text AS answer
FROM written AS t4;
WITH given AS (
  SELECT t0.v0 AS c0,t0.v1 AS c1,t0.v2 AS c2,t0.v3 AS c3,t0.v4 AS c4,t0.v5 AS c5,t0.v6 AS c6,t0.v7 AS c7,t0.v8
    AS c8,t0.v9 AS c9,t0.v10 AS c10,t0.v11 AS g0,t0.v11 AS r0,t0.position
  FROM ROWS
  FROM (
    json_to_recordset($1::json) AS (
      "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
        "createdByContext" jsonb,"position" double precision,"title" text,"body" text,"type" text,"dueAt"
        timestamptz,"completedAt" timestamptz,"person:known" uuid
    )
  )
  WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,position)
)
,written AS (
  INSERT INTO "workspace_default"."activity" AS t2 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position","title",
      "body","type","dueAt","completedAt","personId"
  )
  SELECT t1.c0,t1.c1,t1.c2,t1.c3,t1.c4,t1.c5,t1.c6,t1.c7,t1.c8,t1.c9,t1.c10,t1.r0
  FROM given AS t1
  ORDER BY t1.position
  RETURNING t2.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'7055c8aa-02ed-5ab5-bde1-48c7ced83fd4'::uuid,t3."id",
    'created',NULL::jsonb,to_jsonb(t3.*),$2::text
  FROM written AS t3
)
SELECT NULL::text AS problem,COALESCE(array_agg(t4."id"),'{}'::uuid[]) AS ids,NULL::text AS answer
FROM written AS t4;
SELECT '[' || COALESCE(
  string_agg(
    '{"name":' || COALESCE(to_json(t1."name")::text,'null') || ',"people":' || (
      SELECT '{"edges":[' || COALESCE(
        string_agg(
          '{"node":{"email":' || to_json(t3.c0)::text || ',"activities":' || (
            SELECT '{"edges":[' || COALESCE(
              string_agg('{"node":{"title":' || COALESCE(to_json(t5.c0)::text,'null') || '}}',','),''
            ) || ']}'
            FROM (
              SELECT t4."title" AS c0
              FROM "workspace_default"."activity" AS t4
              WHERE t4."personId" = t3.c1 AND t4."deletedAt" IS NULL
              ORDER BY t4."id"
              LIMIT 60
            ) AS t5
          ) || '}}',','
        ),''
      ) || ']}'
      FROM (
        SELECT t2."email" AS c0,t2."id" AS c1
        FROM "workspace_default"."person" AS t2
        WHERE t2."companyId" = t1."id" AND t2."deletedAt" IS NULL
        ORDER BY (fieldstone.text_key_1(t2."email") COLLATE "C"),t2."id"
        LIMIT 60
      ) AS t3
    ) || '}',','
    ORDER BY t0.position
  ),''
) || ']'
FROM unnest((SELECT $1::uuid[])::uuid[])
WITH ORDINALITY AS t0(id,position)
JOIN "workspace_default"."company" AS t1 ON t1."id" = t0.id;
