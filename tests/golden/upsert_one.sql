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
,keyed AS (
  SELECT t1.*,(
    SELECT t2."id"
    FROM "workspace_default"."person" AS t2
    WHERE substr(t1.given,9,1) = '1' AND t2."email" = t1.c8 AND t2."deletedAt" IS NULL
  ) AS k1
  FROM given AS t1
)
,locked AS (
  SELECT t4.*
  FROM "workspace_default"."person" AS t4
  WHERE t4."id" = ANY(ARRAY(SELECT t3.k1 FROM keyed AS t3)) AND t4."deletedAt" IS NULL
  ORDER BY t4."id" FOR UPDATE
)
,placed AS (
  SELECT t5.*,t6."id" AS target
  FROM keyed AS t5
  LEFT JOIN locked AS t6 ON t6."id" = t5.k1 AND substr(t5.given,9,1) = '1' AND t6."email" = t5.c8
)
,verdict AS (
  SELECT COALESCE(
    CASE WHEN (SELECT count(*) FROM locked AS t7) < 0 THEN NULL::text END,(
      SELECT 'key_taken:' || json_build_array(0,(t8.position - 1),json_build_array(t8.c0))::text
      FROM placed AS t8
      WHERE t8.target IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t9
        WHERE t9."id" = t8.c0
      )
      ORDER BY t8.position
      LIMIT 1
    ),(
      SELECT 'key_taken:' || json_build_array(1,(t10.position - 1),json_build_array(t10.c8))::text
      FROM placed AS t10
      WHERE t10.target IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t11
        WHERE t11."email" = t10.c8 AND t11."deletedAt" IS NULL
      ) AND NOT substr(t10.given,9,1) = '1'
      ORDER BY t10.position
      LIMIT 1
    )
  ) AS problem
)
,updated AS (
  UPDATE "workspace_default"."person" AS t13
  SET "firstName"=CASE WHEN substr(t12.given,7,1) = '1' THEN t12.c6 ELSE t13."firstName" END,"companyId"=CASE
    WHEN substr(t12.given,13,1) = '1' THEN NULL ELSE t13."companyId" END,"updatedAt"=now()
  FROM placed AS t12
  WHERE t13."id" = t12.target AND (SELECT t14.problem FROM verdict AS t14) IS NULL
  RETURNING t13.*
)
,inserted AS (
  INSERT INTO "workspace_default"."person" AS t16 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t15.c0,t15.c1,t15.c2,t15.c3,t15.c4,t15.c5,t15.c6,t15.c7,t15.c8,t15.c9,t15.c10,t15.c11
  FROM placed AS t15
  WHERE t15.target IS NULL AND (SELECT t17.problem FROM verdict AS t17) IS NULL
  ORDER BY t15.c8,t15.position
  ON CONFLICT DO NOTHING
  RETURNING t16.*
)
,changed AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t18."id",
    'updated',to_jsonb(t19.*),to_jsonb(t18.*),$2::text
  FROM updated AS t18
  JOIN locked AS t19 ON t19."id" = t18."id"
  ORDER BY t18."id"
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t20."id",
    'created',NULL::jsonb,to_jsonb(t20.*),$2::text
  FROM inserted AS t20
)
SELECT COALESCE(
  (SELECT t27.problem FROM verdict AS t27),CASE WHEN count(*) <> (SELECT count(*) FROM given AS t26) THEN
    fieldstone.retry() END
) AS problem,COALESCE(array_agg(t25."id" ORDER BY t25.":place"),'{}'::uuid[]) AS ids,'[' || COALESCE(
  string_agg(
    '{"new":' || t25.":created"::text || ',"record":{"email":' || to_json(t25."email")::text ||
      ',"firstName":' || COALESCE(to_json(t25."firstName")::text,'null') || '}}',','
    ORDER BY t25.":place"
  ),''
) || ']' AS answer,array_agg(t25.":created" ORDER BY t25.":place") AS created
FROM (
  SELECT t23.*,(t24.target IS NULL) AS ":created",t24.position AS ":place"
  FROM (SELECT t21.* FROM updated AS t21 UNION ALL SELECT t22.* FROM inserted AS t22) AS t23
  JOIN placed AS t24 ON t23."id" = COALESCE(t24.target,t24.c0)
) AS t25;
