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
    (SELECT CASE WHEN count(*) < 0 THEN NULL::text END FROM locked AS t7),(
      SELECT 'key_twice:' || json_build_array(0,(t9.earlier - 1),(t9.position - 1),json_build_array(t9.c0))::text
      FROM (
        SELECT t8.*,lag(t8.position) OVER (PARTITION BY t8.c0 ORDER BY t8.position) AS earlier
        FROM placed AS t8
        WHERE t8.c0 IS NOT NULL AND (t8.target IS NULL OR substr(t8.given,1,1) = '1')
      ) AS t9
      WHERE t9.earlier IS NOT NULL
      ORDER BY t9.position
      LIMIT 1
    ),(
      SELECT 'key_twice:' || json_build_array(1,(t11.earlier - 1),(t11.position - 1),json_build_array(t11.c8))::text
      FROM (
        SELECT t10.*,lag(t10.position) OVER (PARTITION BY t10.c8 ORDER BY t10.position) AS earlier
        FROM placed AS t10
        WHERE t10.c8 IS NOT NULL AND (t10.target IS NULL OR substr(t10.given,9,1) = '1')
      ) AS t11
      WHERE t11.earlier IS NOT NULL
      ORDER BY t11.position
      LIMIT 1
    )
  ) AS problem
)
,updated AS (
  UPDATE "workspace_default"."person" AS t14
  SET "position"=CASE WHEN substr(t13.given,6,1) = '1' THEN t13.c5 ELSE t14."position" END,"firstName"=CASE
    WHEN substr(t13.given,7,1) = '1' THEN t13.c6 ELSE t14."firstName" END,"lastName"=CASE WHEN substr(
    t13.given,8,1
  ) = '1' THEN t13.c7 ELSE t14."lastName" END,"email"=CASE WHEN substr(t13.given,9,1) = '1' THEN t13.c8 ELSE
    t14."email" END,"phone"=CASE WHEN substr(t13.given,10,1) = '1' THEN t13.c9 ELSE t14."phone" END,"jobTitle"=CASE
    WHEN substr(t13.given,11,1) = '1' THEN t13.c10 ELSE t14."jobTitle" END,"city"=CASE WHEN substr(
    t13.given,12,1
  ) = '1' THEN t13.c11 ELSE t14."city" END,"companyId"=CASE WHEN substr(t13.given,13,1) = '1' THEN NULL ELSE
    t14."companyId" END,"updatedAt"=now()
  FROM placed AS t13
  WHERE t14."id" = t13.target AND (SELECT t12.problem FROM verdict AS t12) IS NULL
  RETURNING t14.*
)
,inserted AS (
  INSERT INTO "workspace_default"."person" AS t16 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t15.c0,t15.c1,t15.c2,t15.c3,t15.c4,t15.c5,t15.c6,t15.c7,t15.c8,t15.c9,t15.c10,t15.c11
  FROM placed AS t15
  WHERE t15.target IS NULL AND (SELECT t12.problem FROM verdict AS t12) IS NULL
  ORDER BY t15.c8,t15.position
  ON CONFLICT DO NOTHING
  RETURNING t16.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t20.key,t20.action,
    t20.before,t20.after,$2::text
  FROM (
    (
      SELECT t17."id" AS key,'updated' AS action,to_jsonb(t18.*) AS before,to_jsonb(t17.*) AS after
      FROM updated AS t17
      FULL JOIN locked AS t18 ON t18."id" = t17."id"
      WHERE COALESCE(t18."id" = t17."id",false)
      ORDER BY t17."id"
    )
    UNION ALL
    SELECT t19."id" AS key,'created' AS action,NULL::jsonb AS before,to_jsonb(t19.*) AS after
    FROM inserted AS t19
  ) AS t20
)
SELECT COALESCE(
  (SELECT t21.problem FROM verdict AS t21),CASE WHEN count(*) <> (SELECT count(*) FROM given AS t27) THEN
    fieldstone.retry() END
) AS problem,COALESCE(array_agg(t26."id" ORDER BY t26.":place"),'{}'::uuid[]) AS ids,'[' || COALESCE(
  string_agg('{"created":' || t26.":created"::text || '}',',' ORDER BY t26.":place"),''
) || ']' AS answer,array_agg(t26.":created" ORDER BY t26.":place") AS created
FROM (
  SELECT t24.*,(t25.target IS NULL) AS ":created",t25.position AS ":place"
  FROM (SELECT t22.* FROM updated AS t22 UNION ALL SELECT t23.* FROM inserted AS t23) AS t24
  JOIN placed AS t25 ON t24."id" = COALESCE(t25.target,t25.c0)
) AS t26;
SELECT version
FROM fieldstone.workspace
WHERE id = $1::uuid;
