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
    WHERE substr(t1.given,1,1) = '1' AND t2."id" = t1.c0 AND t2."deletedAt" IS NULL
  ) AS k0,(
    SELECT t3."id"
    FROM "workspace_default"."person" AS t3
    WHERE substr(t1.given,9,1) = '1' AND t3."email" = t1.c8 AND t3."deletedAt" IS NULL
  ) AS k1
  FROM given AS t1
)
,locked AS (
  SELECT t5.*
  FROM "workspace_default"."person" AS t5
  WHERE t5."id" = ANY(ARRAY(SELECT COALESCE(t4.k0,t4.k1) FROM keyed AS t4)) AND t5."deletedAt" IS NULL
  ORDER BY t5."id" FOR UPDATE
)
,placed AS (
  SELECT t6.*,t7."id" AS target
  FROM keyed AS t6
  LEFT JOIN locked AS t7 ON t7."id" = COALESCE(t6.k0,t6.k1) AND (
    substr(t6.given,1,1) = '1' AND t7."id" = t6.c0 OR substr(t6.given,9,1) = '1' AND t7."email" = t6.c8
  )
)
,verdict AS (
  SELECT COALESCE(
    (SELECT CASE WHEN count(*) < 0 THEN NULL::text END FROM locked AS t8),(
      SELECT 'key_twice:' || json_build_array(0,(t10.earlier - 1),(t10.position - 1),json_build_array(t10.c0))::text
      FROM (
        SELECT t9.*,lag(t9.position) OVER (PARTITION BY t9.c0 ORDER BY t9.position) AS earlier
        FROM placed AS t9
        WHERE t9.c0 IS NOT NULL AND (t9.target IS NULL OR substr(t9.given,1,1) = '1')
      ) AS t10
      WHERE t10.earlier IS NOT NULL
      ORDER BY t10.position
      LIMIT 1
    ),(
      SELECT 'key_twice:' || json_build_array(1,(t12.earlier - 1),(t12.position - 1),json_build_array(t12.c8))::text
      FROM (
        SELECT t11.*,lag(t11.position) OVER (PARTITION BY t11.c8 ORDER BY t11.position) AS earlier
        FROM placed AS t11
        WHERE t11.c8 IS NOT NULL AND (t11.target IS NULL OR substr(t11.given,9,1) = '1')
      ) AS t12
      WHERE t12.earlier IS NOT NULL
      ORDER BY t12.position
      LIMIT 1
    ),(
      SELECT 'record_twice:' || json_build_array((t14.earlier - 1),(t14.position - 1))::text
      FROM (
        SELECT t13.*,lag(t13.position) OVER (PARTITION BY t13.target ORDER BY t13.position) AS earlier
        FROM placed AS t13
        WHERE t13.target IS NOT NULL
      ) AS t14
      WHERE t14.earlier IS NOT NULL
      ORDER BY t14.position
      LIMIT 1
    )
  ) AS problem
)
,updated AS (
  UPDATE "workspace_default"."person" AS t17
  SET "position"=CASE WHEN substr(t16.given,6,1) = '1' THEN t16.c5 ELSE t17."position" END,"firstName"=CASE
    WHEN substr(t16.given,7,1) = '1' THEN t16.c6 ELSE t17."firstName" END,"lastName"=CASE WHEN substr(
    t16.given,8,1
  ) = '1' THEN t16.c7 ELSE t17."lastName" END,"email"=CASE WHEN substr(t16.given,9,1) = '1' THEN t16.c8 ELSE
    t17."email" END,"phone"=CASE WHEN substr(t16.given,10,1) = '1' THEN t16.c9 ELSE t17."phone" END,"jobTitle"=CASE
    WHEN substr(t16.given,11,1) = '1' THEN t16.c10 ELSE t17."jobTitle" END,"city"=CASE WHEN substr(
    t16.given,12,1
  ) = '1' THEN t16.c11 ELSE t17."city" END,"companyId"=CASE WHEN substr(t16.given,13,1) = '1' THEN NULL ELSE
    t17."companyId" END,"updatedAt"=now()
  FROM placed AS t16
  WHERE t17."id" = t16.target AND (SELECT t15.problem FROM verdict AS t15) IS NULL
  RETURNING t17.*
)
,inserted AS (
  INSERT INTO "workspace_default"."person" AS t19 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t18.c0,t18.c1,t18.c2,t18.c3,t18.c4,t18.c5,t18.c6,t18.c7,t18.c8,t18.c9,t18.c10,t18.c11
  FROM placed AS t18
  WHERE t18.target IS NULL AND (SELECT t15.problem FROM verdict AS t15) IS NULL
  ORDER BY t18.c8,t18.position
  ON CONFLICT DO NOTHING
  RETURNING t19.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t23.key,t23.action,
    t23.before,t23.after,$2::text
  FROM (
    (
      SELECT t20."id" AS key,'updated' AS action,to_jsonb(t21.*) AS before,to_jsonb(t20.*) AS after
      FROM updated AS t20
      FULL JOIN locked AS t21 ON t21."id" = t20."id"
      WHERE COALESCE(t21."id" = t20."id",false)
      ORDER BY t20."id"
    )
    UNION ALL
    SELECT t22."id" AS key,'created' AS action,NULL::jsonb AS before,to_jsonb(t22.*) AS after
    FROM inserted AS t22
  ) AS t23
)
SELECT COALESCE(
  (SELECT t24.problem FROM verdict AS t24),CASE WHEN count(*) <> (SELECT count(*) FROM given AS t30) THEN
    fieldstone.retry() END
) AS problem,COALESCE(array_agg(t29."id" ORDER BY t29.":place"),'{}'::uuid[]) AS ids,'[' || COALESCE(
  string_agg(
    fieldstone.within_limit(
      '{"email":' || to_json(t29."email")::text || ',"firstName":' || COALESCE(
        to_json(t29."firstName")::text,'null'
      ) || ',"lastName":' || COALESCE(to_json(t29."lastName")::text,'null') || '}',0,67108864
    ),','
    ORDER BY t29.":place"
  ),''
) || ']' AS answer,array_agg(t29.":created" ORDER BY t29.":place") AS created
FROM (
  SELECT t27.*,(t28.target IS NULL) AS ":created",t28.position AS ":place"
  FROM (SELECT t25.* FROM updated AS t25 UNION ALL SELECT t26.* FROM inserted AS t26) AS t27
  JOIN placed AS t28 ON t27."id" = COALESCE(t28.target,t28.c0)
) AS t29;
