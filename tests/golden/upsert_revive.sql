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
    CASE WHEN (SELECT count(*) FROM locked AS t12) < 0 THEN NULL::text END,(
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
    ),(
      SELECT 'key_taken:' || json_build_array(0,(t17.position - 1),json_build_array(t17.c0))::text
      FROM placed AS t17
      WHERE t17.target IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t18
        WHERE t18."id" = t17.c0
      )
      ORDER BY t17.position
      LIMIT 1
    ),(
      SELECT 'key_taken:' || json_build_array(1,(t19.position - 1),json_build_array(t19.c8))::text
      FROM placed AS t19
      WHERE t19.target IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t20
        WHERE t20."email" = t19.c8 AND t20."deletedAt" IS NULL
      ) AND NOT substr(t19.given,9,1) = '1'
      ORDER BY t19.position
      LIMIT 1
    )
  ) AS problem
)
,updated AS (
  UPDATE "workspace_default"."person" AS t22
  SET "deletedAt"=NULL,"updatedAt"=now()
  FROM placed AS t21
  WHERE t22."id" = t21.target AND (SELECT t23.problem FROM verdict AS t23) IS NULL AND t21.dead
  RETURNING t22.*
)
,inserted AS (
  INSERT INTO "workspace_default"."person" AS t25 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t24.c0,t24.c1,t24.c2,t24.c3,t24.c4,t24.c5,t24.c6,t24.c7,t24.c8,t24.c9,t24.c10,t24.c11
  FROM placed AS t24
  WHERE t24.target IS NULL AND (SELECT t26.problem FROM verdict AS t26) IS NULL
  ORDER BY t24.c8,t24.position
  ON CONFLICT DO NOTHING
  RETURNING t25.*
)
,changed AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t27."id",
    CASE WHEN t28."deletedAt" IS NOT NULL THEN 'restored' ELSE 'updated' END,to_jsonb(t28.*),to_jsonb(t27.*),
    $2::text
  FROM updated AS t27
  JOIN locked AS t28 ON t28."id" = t27."id"
  ORDER BY t27."id"
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t29."id",
    'created',NULL::jsonb,to_jsonb(t29.*),$2::text
  FROM inserted AS t29
)
SELECT COALESCE(
  (SELECT t38.problem FROM verdict AS t38),CASE WHEN count(*) <> (SELECT count(*) FROM given AS t37) THEN
    fieldstone.retry() END
) AS problem,COALESCE(array_agg(t36."id" ORDER BY t36.":place"),'{}'::uuid[]) AS ids,'[' || COALESCE(
  string_agg(
    '{"created":' || t36.":created"::text || ',"record":{"email":' || to_json(t36."email")::text ||
      ',"deletedAt":' || COALESCE(left(to_json(timezone('UTC',t36."deletedAt"))::text,(-1)) || 'Z"','null') ||
      '}}',','
    ORDER BY t36.":place"
  ),''
) || ']' AS answer,array_agg(t36.":created" ORDER BY t36.":place") AS created
FROM (
  SELECT t34.*,(t35.target IS NULL) AS ":created",t35.position AS ":place"
  FROM (
    SELECT t30.*
    FROM updated AS t30
    UNION ALL
    SELECT t31.*
    FROM inserted AS t31
    UNION ALL
    SELECT t32.*
    FROM locked AS t32
    WHERE t32."deletedAt" IS NULL AND (SELECT t33.problem FROM verdict AS t33) IS NULL
  ) AS t34
  JOIN placed AS t35 ON t34."id" = COALESCE(t35.target,t35.c0)
) AS t36;
