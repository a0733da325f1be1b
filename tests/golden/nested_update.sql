WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."person" AS t0
  WHERE t0."id" = ANY($1::uuid[]) AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 2 FOR UPDATE
)
,verdict AS (
  SELECT COALESCE(
    CASE WHEN (SELECT count(*) FROM locked AS t1) > 1 THEN 'too_many' END,(
      SELECT 'not_found:' || json_agg(t2.id ORDER BY t2.position)::text
      FROM unnest($1::uuid[])
      WITH ORDINALITY AS t2(id,position)
      FULL JOIN locked AS t3 ON t3."id" = t2.id
      WHERE t3."id" IS NULL
    )
  ) AS problem
)
,written AS (
  UPDATE "workspace_default"."person" AS t4
  SET "city"=$2::text,"updatedAt"=now()
  WHERE t4."id" = ANY(ARRAY(SELECT t5."id" FROM locked AS t5)) AND (SELECT t6.problem FROM verdict AS t6) IS
    NULL
  RETURNING t4.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t7."id",
    'updated',to_jsonb(t8.*),to_jsonb(t7.*),$3::text
  FROM written AS t7
  JOIN locked AS t8 ON t8."id" = t7."id"
  ORDER BY t7."id"
)
SELECT (SELECT t10.problem FROM verdict AS t10) AS problem,COALESCE(
  array_agg(t9."id" ORDER BY t9."id"),'{}'::uuid[]
) AS ids,NULL::text AS answer
FROM written AS t9;
SELECT json_agg(
  (
    SELECT t1."companyId"
    FROM "workspace_default"."person" AS t1
    WHERE t1."id" = t0.v0 AND t1."deletedAt" IS NULL
    LIMIT 1
  )
  ORDER BY t0.position
)::text
FROM ROWS
FROM (json_to_recordset($1::json) AS ("v0" uuid))
WITH ORDINALITY AS t0(v0,position);
WITH given AS (
  SELECT t0.x0 AS id,t0.x1 AS parent,t0.x2 AS given,t0.x3 AS c0,t0.position
  FROM ROWS
  FROM (json_to_recordset($1::json) AS ("id" uuid,"parent" uuid,"given" text,"v0" integer))
  WITH ORDINALITY AS t0(x0,x1,x2,x3,position)
)
,locked AS (
  SELECT t1.*
  FROM "workspace_default"."company" AS t1
  WHERE t1."id" = ANY(ARRAY(SELECT t2.id FROM given AS t2)) AND t1."deletedAt" IS NULL
  ORDER BY t1."id" FOR UPDATE
)
,verdict AS (
  SELECT (
    SELECT 'not_found:[' || (t3.position - 1)::text || ']'
    FROM given AS t3
    FULL JOIN locked AS t4 ON t4."id" = t3.id
    WHERE t4."id" IS NULL
    ORDER BY t3.position
    LIMIT 1
  ) AS problem
)
,written AS (
  UPDATE "workspace_default"."company" AS t5
  SET "employees"=CASE WHEN substr(t6.given,1,1) = '1' THEN t6.c0 ELSE t5."employees" END,"updatedAt"=now()
  FROM given AS t6
  WHERE t5."id" = ANY(ARRAY(SELECT t7."id" FROM locked AS t7)) AND t6.id = t5."id" AND (
    SELECT t8.problem
    FROM verdict AS t8
  ) IS NULL
  RETURNING t5.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'878b63c0-6f18-5bcb-b29c-a3eec1f1015f'::uuid,t9."id",
    'updated',to_jsonb(t10.*),to_jsonb(t9.*),$2::text
  FROM written AS t9
  FULL JOIN locked AS t10 ON t10."id" = t9."id"
  WHERE COALESCE(t10."id" = t9."id",false)
  ORDER BY t9."id"
)
SELECT (SELECT t11.problem FROM verdict AS t11) AS problem,NULL::uuid[] AS ids,NULL::text AS answer;
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
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."opportunity" AS t0
  WHERE t0."personId" = ANY($1::uuid[]) AND (t0."personId",t0."id") IN (
    SELECT t1.a,t1.b
    FROM unnest($1::uuid[],$2::uuid[])
    WITH ORDINALITY AS t1(a,b,position)
  ) IS NOT TRUE AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM locked AS t2) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."opportunity" AS t3
  SET "personId"=NULL,"updatedAt"=now()
  WHERE t3."id" = ANY(ARRAY(SELECT t4."id" FROM locked AS t4)) AND (SELECT t5.problem FROM verdict AS t5) IS
    NULL
  RETURNING t3.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'f1b0a4a7-dfad-5c90-832d-1236bf701a47'::uuid,t6."id",
    'updated',to_jsonb(t7.*),to_jsonb(t6.*),$3::text
  FROM written AS t6
  FULL JOIN locked AS t7 ON t7."id" = t6."id"
  WHERE COALESCE(t7."id" = t6."id",false)
  ORDER BY t6."id"
)
SELECT (SELECT t9.problem FROM verdict AS t9) AS problem,COALESCE(
  array_agg(t8."id" ORDER BY t8."id"),'{}'::uuid[]
) AS ids,NULL::text AS answer
FROM written AS t8;
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."activity" AS t0
  WHERE t0."personId" = ANY($1::uuid[]) AND (t0."personId",t0."id") IN (
    SELECT t1.a,t1.b
    FROM unnest($1::uuid[],$2::uuid[])
    WITH ORDINALITY AS t1(a,b,position)
  ) IS NOT TRUE AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM locked AS t2) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."activity" AS t3
  SET "personId"=NULL,"updatedAt"=now()
  WHERE t3."id" = ANY(ARRAY(SELECT t4."id" FROM locked AS t4)) AND (SELECT t5.problem FROM verdict AS t5) IS
    NULL
  RETURNING t3.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'7055c8aa-02ed-5ab5-bde1-48c7ced83fd4'::uuid,t6."id",
    'updated',to_jsonb(t7.*),to_jsonb(t6.*),$3::text
  FROM written AS t6
  FULL JOIN locked AS t7 ON t7."id" = t6."id"
  WHERE COALESCE(t7."id" = t6."id",false)
  ORDER BY t6."id"
)
SELECT (SELECT t9.problem FROM verdict AS t9) AS problem,COALESCE(
  array_agg(t8."id" ORDER BY t8."id"),'{}'::uuid[]
) AS ids,NULL::text AS answer
FROM written AS t8;
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
    '{"city":' || COALESCE(to_json(t1."city")::text,'null') || ',"company":' || COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t2."name")::text,'null') || ',"employees":' || COALESCE(
          t2."employees"::text,'null'
        ) || '}'
        FROM "workspace_default"."company" AS t2
        WHERE t2."id" = t1."companyId" AND t2."deletedAt" IS NULL
      ),'null'
    ) || ',"opportunities":' || (
      SELECT '{"totalCount":' || count(*)::text || '}'
      FROM "workspace_default"."opportunity" AS t3
      WHERE t3."personId" = t1."id" AND t3."deletedAt" IS NULL
    ) || ',"activities":' || (
      SELECT '{"edges":[' || COALESCE(
        string_agg('{"node":{"title":' || COALESCE(to_json(t5.c0)::text,'null') || '}}',','),''
      ) || ']}'
      FROM (
        SELECT t4."title" AS c0
        FROM "workspace_default"."activity" AS t4
        WHERE t4."personId" = t1."id" AND t4."deletedAt" IS NULL
        ORDER BY t4."id"
        LIMIT 60
      ) AS t5
    ) || '}',','
    ORDER BY t0.position
  ),''
) || ']'
FROM unnest((SELECT $1::uuid[])::uuid[])
WITH ORDINALITY AS t0(id,position)
JOIN "workspace_default"."person" AS t1 ON t1."id" = t0.id;
