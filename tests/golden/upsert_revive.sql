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
,trash1 AS (
  SELECT t3.position,(array_agg(t5."id" ORDER BY t5."deletedAt" DESC,t5."id" DESC))[1] AS id
  FROM keyed AS t3,"workspace_default"."person" AS t5
  WHERE EXISTS (SELECT 1 FROM keyed AS t4 WHERE t4.k1 IS NULL) AND t3.k1 IS NULL AND substr(t3.given,9,1) =
    '1' AND t5."email" = t3.c8 AND t5."deletedAt" IS NOT NULL
  GROUP BY t3.position
)
,meant AS (
  SELECT t6.*,COALESCE(t6.k1,t7.id) AS meant
  FROM keyed AS t6
  LEFT JOIN trash1 AS t7 ON t7.position = t6.position
)
,locked AS (
  SELECT t9.*
  FROM "workspace_default"."person" AS t9
  WHERE t9."id" = ANY(ARRAY(SELECT t8.meant FROM meant AS t8))
  ORDER BY t9."id" FOR UPDATE
)
,placed AS (
  SELECT t10.*,t11."id" AS target,t11."deletedAt" IS NOT NULL AS dead
  FROM meant AS t10
  LEFT JOIN locked AS t11 ON t11."id" = t10.meant AND substr(t10.given,9,1) = '1' AND t11."email" = t10.c8
)
,verdict AS (
  SELECT COALESCE(
    (SELECT CASE WHEN count(*) < 0 THEN NULL::text END FROM locked AS t12),(
      SELECT 'key_twice:' || json_build_array(0,(t14.earlier - 1),(t14.position - 1),json_build_array(t14.c0))::text
      FROM (
        SELECT t13.*,lag(t13.position) OVER (PARTITION BY t13.c0 ORDER BY t13.position) AS earlier
        FROM placed AS t13
        WHERE t13.c0 IS NOT NULL AND (t13.target IS NULL OR substr(t13.given,1,1) = '1')
      ) AS t14
      WHERE t14.earlier IS NOT NULL
      ORDER BY t14.position
      LIMIT 1
    ),(
      SELECT 'key_twice:' || json_build_array(1,(t16.earlier - 1),(t16.position - 1),json_build_array(t16.c8))::text
      FROM (
        SELECT t15.*,lag(t15.position) OVER (PARTITION BY t15.c8 ORDER BY t15.position) AS earlier
        FROM placed AS t15
        WHERE t15.c8 IS NOT NULL AND (t15.target IS NULL OR substr(t15.given,9,1) = '1')
      ) AS t16
      WHERE t16.earlier IS NOT NULL
      ORDER BY t16.position
      LIMIT 1
    )
  ) AS problem
)
,updated AS (
  UPDATE "workspace_default"."person" AS t19
  SET "deletedAt"=NULL,"updatedAt"=now()
  FROM placed AS t18
  WHERE t19."id" = t18.target AND (SELECT t17.problem FROM verdict AS t17) IS NULL AND t18.dead
  RETURNING t19.*
)
,inserted AS (
  INSERT INTO "workspace_default"."person" AS t21 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t20.c0,t20.c1,t20.c2,t20.c3,t20.c4,t20.c5,t20.c6,t20.c7,t20.c8,t20.c9,t20.c10,t20.c11
  FROM placed AS t20
  WHERE t20.target IS NULL AND (SELECT t17.problem FROM verdict AS t17) IS NULL
  ORDER BY t20.c8,t20.position
  ON CONFLICT DO NOTHING
  RETURNING t21.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t25.key,t25.action,
    t25.before,t25.after,$2::text
  FROM (
    (
      SELECT t22."id" AS key,CASE WHEN t23."deletedAt" IS NOT NULL THEN 'restored' ELSE 'updated' END AS
        action,to_jsonb(t23.*) AS before,to_jsonb(t22.*) AS after
      FROM updated AS t22
      FULL JOIN locked AS t23 ON t23."id" = t22."id"
      WHERE COALESCE(t23."id" = t22."id",false)
      ORDER BY t22."id"
    )
    UNION ALL
    SELECT t24."id" AS key,'created' AS action,NULL::jsonb AS before,to_jsonb(t24.*) AS after
    FROM inserted AS t24
  ) AS t25
)
SELECT COALESCE(
  (SELECT t26.problem FROM verdict AS t26),CASE WHEN count(*) <> (SELECT count(*) FROM given AS t34) THEN
    fieldstone.retry() END
) AS problem,COALESCE(array_agg(t33."id" ORDER BY t33.":place"),'{}'::uuid[]) AS ids,'[' || COALESCE(
  string_agg(
    fieldstone.within_limit(
      '{"created":' || t33.":created"::text || ',"record":{"email":' || to_json(t33."email")::text ||
        ',"deletedAt":' || COALESCE(left(to_json(timezone('UTC',t33."deletedAt"))::text,(-1)) || 'Z"','null')
        || '}}',0,67108864
    ),','
    ORDER BY t33.":place"
  ),''
) || ']' AS answer,array_agg(t33.":created" ORDER BY t33.":place") AS created
FROM (
  SELECT t31.*,(t32.target IS NULL) AS ":created",t32.position AS ":place"
  FROM (
    SELECT t27.*
    FROM updated AS t27
    UNION ALL
    SELECT t28.*
    FROM inserted AS t28
    UNION ALL
    SELECT t29.*
    FROM locked AS t29
    WHERE t29."deletedAt" IS NULL AND (SELECT t30.problem FROM verdict AS t30) IS NULL
  ) AS t31
  JOIN placed AS t32 ON t31."id" = COALESCE(t32.target,t32.c0)
) AS t33;
