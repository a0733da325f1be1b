WITH given AS (
  SELECT t0.v0 AS c0,t0.v1 AS c1,t0.v2 AS c2,t0.v3 AS c3,t0.v4 AS c4,t0.v5 AS c5,t0.v6 AS c6,t0.v7 AS c7,t0.v8
    AS c8,t0.v9 AS c9,t0.v10 AS c10,t0.v11 AS c11,t0.v12 AS ways,t0.position
  FROM ROWS
  FROM (
    json_to_recordset($1::json) AS (
      "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
        "createdByContext" jsonb,"position" double precision,"firstName" text,"lastName" text,"email" text,
        "phone" text,"jobTitle" text,"city" text,":ways" text
    )
  )
  WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,position)
)
,verdict AS (
  SELECT (
    SELECT 'check:' || json_build_array((t1.position - 1))::text
    FROM given AS t1
    WHERE (substr(t1.ways,1,1) = '1' OR substr(t1.ways,2,1) = '1') IS NOT TRUE
    ORDER BY t1.position
    LIMIT 1
  ) AS problem
)
,written AS (
  INSERT INTO "workspace_default"."person" AS t4 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t3.c0,t3.c1,t3.c2,t3.c3,t3.c4,t3.c5,t3.c6,t3.c7,t3.c8,t3.c9,t3.c10,t3.c11
  FROM given AS t3
  WHERE (SELECT t2.problem FROM verdict AS t2) IS NULL
  ORDER BY t3.position
  RETURNING t4.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t5."id",
    'created',NULL::jsonb,to_jsonb(t5.*),$2::text
  FROM written AS t5
)
SELECT (SELECT t7.problem FROM verdict AS t7) AS problem,COALESCE(array_agg(t6."id"),'{}'::uuid[]) AS ids,'['
  || COALESCE(string_agg('{"id":"' || t6."id"::text || '"}',','),'') || ']' AS answer,ARRAY(
  SELECT CASE WHEN substr(t8.ways,1,1) = '1' THEN '1' ELSE '0' END || CASE WHEN substr(t8.ways,2,1) = '1' THEN
    '1' ELSE '0' END
  FROM given AS t8
  FULL JOIN written AS t9 ON t9."id" = t8.c0
  WHERE COALESCE(t9."id" = t8.c0,false)
  ORDER BY t8.position
) AS ways
FROM written AS t6;
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
SELECT json_agg(json_build_array((t4.position - 1),t4.held) ORDER BY t4.position)::text
FROM (
  SELECT t2.position,json_build_array(t2.k0) AS held
  FROM (
    SELECT t1.*,count(*) OVER (PARTITION BY t1.c8) AS same,t1.c8 AS k0
    FROM given AS t1
    WHERE t1.c8 IS NOT NULL
  ) AS t2
  WHERE t2.same > 1 OR EXISTS (
    SELECT 1
    FROM "workspace_default"."person" AS t3
    WHERE t3."email" = t2.k0 AND t3."deletedAt" IS NULL
  )
  ORDER BY position
  LIMIT 20
) AS t4;
