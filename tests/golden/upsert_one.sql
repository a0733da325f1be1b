WITH given AS (
  SELECT t0.v0 AS c0,t0.v1 AS c1,t0.v2 AS c2,t0.v3 AS c3,t0.v4 AS c4,t0.v5 AS c5,t0.v6 AS c6,t0.v7 AS c7,t0.v8
    AS c8,t0.v9 AS c9,t0.v10 AS c10,t0.v11 AS c11,t0.v12 AS given,t0.position
  FROM ROWS
  FROM (
    json_to_recordset($1::json) AS (
      "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
        "createdByContext" jsonb,"position" double precision,"firstName" text,"lastName" text,"email" text,
        "phone" text,"jobTitle" text,"city" text,":given" text
    )
  )
  WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,position)
)
,locked AS (
  SELECT t1.*
  FROM "workspace_default"."person" AS t1
  WHERE (SELECT substr(t2.given,9,1) = '1' FROM given AS t2) AND t1."email" = (SELECT t3.c8 FROM given AS t3)
    AND t1."deletedAt" IS NULL FOR UPDATE
)
,placed AS (SELECT t4.*,(SELECT t5."id" FROM locked AS t5) AS target FROM given AS t4)
,verdict AS (
  SELECT COALESCE(
    CASE WHEN (SELECT count(*) FROM locked AS t6) < 0 THEN NULL::text END,(
      SELECT 'key_taken:' || json_build_array(0,(t7.position - 1),json_build_array(t7.c0))::text
      FROM placed AS t7
      WHERE t7.target IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t8
        WHERE t8."id" = t7.c0
      )
    ),(
      SELECT 'key_taken:' || json_build_array(1,(t9.position - 1),json_build_array(t9.c8))::text
      FROM placed AS t9
      WHERE t9.target IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t10
        WHERE t10."email" = t9.c8 AND t10."deletedAt" IS NULL
      ) AND NOT substr(t9.given,9,1) = '1'
    )
  ) AS problem
)
,updated AS (
  UPDATE "workspace_default"."person" AS t12
  SET "firstName"=CASE WHEN substr(t11.given,7,1) = '1' THEN t11.c6 ELSE t12."firstName" END,"companyId"=CASE
    WHEN substr(t11.given,13,1) = '1' THEN NULL ELSE t12."companyId" END,"updatedAt"=now()
  FROM placed AS t11
  WHERE t12."id" = t11.target AND (SELECT t13.problem FROM verdict AS t13) IS NULL
  RETURNING t12.*
)
,inserted AS (
  INSERT INTO "workspace_default"."person" AS t15 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t14.c0,t14.c1,t14.c2,t14.c3,t14.c4,t14.c5,t14.c6,t14.c7,t14.c8,t14.c9,t14.c10,t14.c11
  FROM placed AS t14
  WHERE t14.target IS NULL AND (SELECT t16.problem FROM verdict AS t16) IS NULL
  ON CONFLICT DO NOTHING
  RETURNING t15.*
)
,changed AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t17."id",
    'updated',to_jsonb(t18.*),to_jsonb(t17.*),$2::text
  FROM updated AS t17
  JOIN locked AS t18 ON t18."id" = t17."id"
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t19."id",
    'created',NULL::jsonb,to_jsonb(t19.*),$2::text
  FROM inserted AS t19
)
SELECT COALESCE((SELECT t25.problem FROM verdict AS t25),CASE WHEN count(*) <> 1 THEN fieldstone.retry() END)
  AS problem,COALESCE(array_agg(t24."id"),'{}'::uuid[]) AS ids,'[' || COALESCE(
  string_agg(
    '{"new":' || t24.":created"::text || ',"record":{"email":' || to_json(t24."email")::text ||
      ',"firstName":' || COALESCE(to_json(t24."firstName")::text,'null') || '}}',','
  ),''
) || ']' AS answer,array_agg(t24.":created") AS created
FROM (
  SELECT t22.*,(t23.target IS NULL) AS ":created",t23.position AS ":place"
  FROM (SELECT t20.* FROM updated AS t20 UNION ALL SELECT t21.* FROM inserted AS t21) AS t22
  JOIN placed AS t23 ON t22."id" = COALESCE(t23.target,t23.c0)
) AS t24;
