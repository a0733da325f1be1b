WITH given AS (
  SELECT t0.v0 AS c0,t0.v1 AS c1,t0.v2 AS c2,t0.v3 AS c3,t0.v4 AS c4,t0.v5 AS c5,t0.v6 AS c6,t0.v7 AS c7,t0.v8
    AS c8,t0.v9 AS c9,t0.v10 AS c10,t0.v11 AS c11,t0.position
  FROM ROWS
  FROM (
    json_to_recordset($1::json) AS (
      "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
        "createdByContext" jsonb,"position" double precision,"firstName" text,"lastName" text,"email" text,
        "phone" text,"jobTitle" text,"city" text
    )
  )
  WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,position)
)
,written AS (
  INSERT INTO "workspace_default"."person" AS t2 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t1.c0,t1.c1,t1.c2,t1.c3,t1.c4,t1.c5,t1.c6,t1.c7,t1.c8,t1.c9,t1.c10,t1.c11
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
SELECT NULL::text AS problem,COALESCE(array_agg(t4."id"),'{}'::uuid[]) AS ids,'[' || COALESCE(
  string_agg(
    fieldstone.within_limit(
      '{"id":"' || t4."id"::text || '","email":' || to_json(t4."email")::text || '}',0,67108864
    ),','
  ),''
) || ']' AS answer
FROM written AS t4;
