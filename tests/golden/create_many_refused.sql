WITH given AS (
  SELECT t0.v0 AS c0,t0.v1 AS c1,t0.v2 AS c2,t0.v3 AS c3,t0.v4 AS c4,t0.v5 AS c5,t0.v6 AS c6,t0.v7 AS c7,t0.v8
    AS c8,t0.v9 AS c9,t0.v10 AS c10,t0.v11 AS c11,t0.v12 AS g0,(
    SELECT t1."id"
    FROM "workspace_default"."company" AS t1
    WHERE t1."id" = t0.v12 AND t1."deletedAt" IS NULL FOR KEY SHARE
  ) AS r0,t0.position
  FROM ROWS
  FROM (
    json_to_recordset($1::json) AS (
      "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
        "createdByContext" jsonb,"position" double precision,"firstName" text,"lastName" text,"email" text,
        "phone" text,"jobTitle" text,"city" text,"companyId:id" uuid
    )
  )
  WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,position)
)
,verdict AS (
  SELECT (
    SELECT CASE WHEN t2.g0 IS NOT NULL AND t2.r0 IS NULL THEN 'target_not_found:[0,' || (t2.position - 1)::text
      || ']' END
    FROM given AS t2
    WHERE t2.g0 IS NOT NULL AND t2.r0 IS NULL
    ORDER BY t2.position
    LIMIT 1
  ) AS problem
)
,written AS (
  INSERT INTO "workspace_default"."person" AS t5 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city","companyId"
  )
  SELECT t4.c0,t4.c1,t4.c2,t4.c3,t4.c4,t4.c5,t4.c6,t4.c7,t4.c8,t4.c9,t4.c10,t4.c11,t4.r0
  FROM given AS t4
  WHERE (SELECT t3.problem FROM verdict AS t3) IS NULL
  ORDER BY t4.position
  RETURNING t5.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t6."id",
    'created',NULL::jsonb,to_jsonb(t6.*),$2::text
  FROM written AS t6
)
SELECT (SELECT t8.problem FROM verdict AS t8) AS problem,COALESCE(array_agg(t7."id"),'{}'::uuid[]) AS ids,'['
  || COALESCE(string_agg('{"id":"' || t7."id"::text || '"}',','),'') || ']' AS answer
FROM written AS t7;
WITH given AS (
  SELECT t0.v0 AS c0,t0.v1 AS c1,t0.v2 AS c2,t0.v3 AS c3,t0.v4 AS c4,t0.v5 AS c5,t0.v6 AS c6,t0.v7 AS c7,t0.v8
    AS c8,t0.v9 AS c9,t0.v10 AS c10,t0.v11 AS c11,t0.v12 AS g0,(
    SELECT t1."id"
    FROM "workspace_default"."company" AS t1
    WHERE t1."id" = t0.v12 AND t1."deletedAt" IS NULL FOR KEY SHARE
  ) AS r0,t0.position
  FROM ROWS
  FROM (
    json_to_recordset($1::json) AS (
      "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
        "createdByContext" jsonb,"position" double precision,"firstName" text,"lastName" text,"email" text,
        "phone" text,"jobTitle" text,"city" text,"companyId:id" uuid
    )
  )
  WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,position)
)
SELECT json_agg(json_build_array((t3.position - 1),t3.held) ORDER BY t3.position)::text
FROM (
  SELECT t2.position,json_build_array(t2.g0) AS held
  FROM given AS t2
  WHERE t2.g0 IS NOT NULL AND t2.r0 IS NULL
  ORDER BY position
  LIMIT 20
) AS t3;
SELECT version
FROM fieldstone.workspace
WHERE id = $1::uuid;
