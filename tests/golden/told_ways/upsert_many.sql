WITH given AS (
  SELECT t0.v0 AS c0,t0.v1 AS c1,t0.v2 AS c2,t0.v3 AS c3,t0.v4 AS c4,t0.v5 AS c5,t0.v6 AS c6,t0.v7 AS c7,t0.v8
    AS c8,t0.v9 AS c9,t0.v10 AS c10,t0.v11 AS c11,t0.v12 AS given,t0.v13 AS ways,t0.position
  FROM ROWS
  FROM (
    json_to_recordset($3::json) AS (
      "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
        "createdByContext" jsonb,"position" double precision,"firstName" text,"lastName" text,"email" text,
        "phone" text,"jobTitle" text,"city" text,":given" text,":ways" text
    )
  )
  WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,position)
)
,keyed AS (
  SELECT t1.*,(
    SELECT t2."id"
    FROM "workspace_default"."person" AS t2
    WHERE substr(t1.given,9,1) = '1' AND t2."email" = t1.c8 AND t2."deletedAt" IS NULL AND (
      t2."deletedAt" IS NULL AND (t2."city" = $1::text OR t2."city" = $2::text OR t2."city" IS NULL)
    ) IS TRUE
  ) AS k1
  FROM given AS t1
)
,locked AS (
  SELECT t4.*
  FROM "workspace_default"."person" AS t4
  WHERE t4."id" = ANY(ARRAY(SELECT t3.k1 FROM keyed AS t3)) AND t4."deletedAt" IS NULL AND (
    t4."deletedAt" IS NULL AND (t4."city" = $1::text OR t4."city" = $2::text OR t4."city" IS NULL)
  ) IS TRUE
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
    ),(
      SELECT 'check:' || json_build_array((t12.position - 1))::text
      FROM placed AS t12
      WHERE t12.target IS NULL AND (substr(t12.ways,1,1) = '1' OR substr(t12.ways,2,1) = '1') IS NOT TRUE
      ORDER BY t12.position
      LIMIT 1
    ),(
      SELECT 'key_taken:' || json_build_array(1,(t13.position - 1),json_build_array(t13.c8))::text
      FROM placed AS t13
      WHERE t13.target IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t14
        WHERE t14."email" = t13.c8 AND t14."deletedAt" IS NULL AND (
          NOT substr(t13.given,9,1) = '1' OR NOT (
            t14."deletedAt" IS NULL AND (t14."city" = $1::text OR t14."city" = $2::text OR t14."city" IS NULL)
          ) IS TRUE
        )
      )
      ORDER BY t13.position
      LIMIT 1
    )
  ) AS problem
)
,updated AS (
  UPDATE "workspace_default"."person" AS t17
  SET "position"=CASE WHEN substr(t16.given,6,1) = '1' THEN t16.c5 ELSE t17."position" END,"firstName"=CASE
    WHEN substr(t16.given,7,1) = '1' THEN t16.c6 ELSE t17."firstName" END,"lastName"=CASE WHEN substr(
    t16.given,8,1
  ) = '1' THEN t16.c7 ELSE t17."lastName" END,"phone"=CASE WHEN substr(t16.given,10,1) = '1' THEN t16.c9 ELSE
    t17."phone" END,"jobTitle"=CASE WHEN substr(t16.given,11,1) = '1' THEN t16.c10 ELSE t17."jobTitle" END,
    "city"=CASE WHEN substr(t16.given,12,1) = '1' THEN t16.c11 ELSE t17."city" END,"companyId"=CASE WHEN
    substr(t16.given,13,1) = '1' THEN NULL ELSE t17."companyId" END,"updatedAt"=now()
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
    t23.before,t23.after,$4::text
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
  (SELECT t24.problem FROM verdict AS t24),CASE WHEN count(*) <> (SELECT count(*) FROM given AS t31) THEN
    fieldstone.retry() END
) AS problem,COALESCE(array_agg(t30."id" ORDER BY t30.":place"),'{}'::uuid[]) AS ids,'[' || COALESCE(
  string_agg('{"created":' || t30.":created"::text || '}',',' ORDER BY t30.":place"),''
) || ']' AS answer,array_agg(t30.":ways" ORDER BY t30.":place") AS ways,array_agg(
  t30.":created"
  ORDER BY t30.":place"
) AS created
FROM (
  SELECT t27.*,(t28.target IS NULL) AS ":created",t28.position AS ":place",CASE WHEN t28.target IS NULL THEN
    CASE WHEN substr(t28.ways,1,1) = '1' THEN '1' ELSE '0' END || CASE WHEN substr(t28.ways,2,1) = '1' THEN
    '1' ELSE '0' END ELSE CASE WHEN t29."city" = $1::text IS TRUE THEN '1' ELSE '0' END || CASE WHEN t29."city"
    = $2::text IS TRUE THEN '1' ELSE '0' END || CASE WHEN (t29."city" IS NULL) IS TRUE THEN '1' ELSE '0' END
    END AS ":ways"
  FROM (SELECT t25.* FROM updated AS t25 UNION ALL SELECT t26.* FROM inserted AS t26) AS t27
  JOIN placed AS t28 ON t27."id" = COALESCE(t28.target,t28.c0)
  LEFT JOIN locked AS t29 ON t29."id" = t28.target
) AS t30;
SELECT (
  SELECT t3.id
  FROM unnest($1::uuid[],$2::text[])
  WITH ORDINALITY AS t3(id,ways,position)
  WHERE (
    SELECT (
      (
        substr(t3.ways,1,1) = '1' AND (
          t0."jobTitle" = $3::text OR EXISTS (
            SELECT 1
            FROM "workspace_default"."opportunity" AS t1
            WHERE t1."personId" = t0."id" AND t1."deletedAt" IS NULL
          )
        ) OR substr(t3.ways,2,1) = '1' AND (
          t0."jobTitle" = $4::text OR EXISTS (
            SELECT 1
            FROM "workspace_default"."opportunity" AS t2
            WHERE t2."personId" = t0."id" AND t2."deletedAt" IS NULL
          )
        )
      ) IS NOT TRUE
    )
    FROM "workspace_default"."person" AS t0
    WHERE t0."id" = t3.id
  )
  ORDER BY t3.id
  LIMIT 1
);
SELECT (
  SELECT t3.id
  FROM unnest($1::uuid[],$2::text[])
  WITH ORDINALITY AS t3(id,ways,position)
  WHERE (
    SELECT (
      (
        substr(t3.ways,1,1) = '1' AND (
          t0."jobTitle" = $3::text OR EXISTS (
            SELECT 1
            FROM "workspace_default"."opportunity" AS t1
            WHERE t1."personId" = t0."id" AND t1."deletedAt" IS NULL
          )
        ) OR substr(t3.ways,2,1) = '1' AND (
          t0."jobTitle" = $4::text OR EXISTS (
            SELECT 1
            FROM "workspace_default"."opportunity" AS t2
            WHERE t2."personId" = t0."id" AND t2."deletedAt" IS NULL
          )
        ) OR substr(t3.ways,3,1) = '1'
      ) IS NOT TRUE
    )
    FROM "workspace_default"."person" AS t0
    WHERE t0."id" = t3.id
  )
  ORDER BY t3.id
  LIMIT 1
);
