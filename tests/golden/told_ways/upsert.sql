WITH given AS NOT MATERIALIZED (
  SELECT $3::uuid AS c0,$4::text AS c1,$5::uuid AS c2,$6::text AS c3,$7::jsonb AS c4,$8::double precision AS
    c5,$9::text AS c6,$10::text AS c7,$11::text AS c8,$12::text AS c9,$13::text AS c10,$14::text AS c11,$15::text
    AS given,$16::text AS ways,1 AS position
)
,locked AS (
  SELECT t1.*
  FROM "workspace_default"."person" AS t1,given AS t0
  WHERE substr(t0.given,9,1) = '1' AND t1."email" = t0.c8 AND t1."deletedAt" IS NULL AND (
    t1."deletedAt" IS NULL AND (t1."city" = $1::text OR t1."city" = $2::text OR t1."city" IS NULL)
  ) IS TRUE FOR UPDATE
)
,placed AS NOT MATERIALIZED (SELECT t2.*,(SELECT t3."id" FROM locked AS t3) AS target FROM given AS t2)
,verdict AS (
  SELECT (
    SELECT 'check:' || json_build_array((t4.position - 1))::text
    FROM placed AS t4
    WHERE t4.target IS NULL AND (substr(t4.ways,1,1) = '1' OR substr(t4.ways,2,1) = '1') IS NOT TRUE
    ORDER BY t4.position
    LIMIT 1
  ) AS problem
)
,updated AS (
  UPDATE "workspace_default"."person" AS t7
  SET "position"=CASE WHEN substr(t6.given,6,1) = '1' THEN t6.c5 ELSE t7."position" END,"firstName"=CASE WHEN
    substr(t6.given,7,1) = '1' THEN t6.c6 ELSE t7."firstName" END,"lastName"=CASE WHEN substr(t6.given,8,1) =
    '1' THEN t6.c7 ELSE t7."lastName" END,"phone"=CASE WHEN substr(t6.given,10,1) = '1' THEN t6.c9 ELSE t7."phone"
    END,"jobTitle"=CASE WHEN substr(t6.given,11,1) = '1' THEN t6.c10 ELSE t7."jobTitle" END,"city"=CASE WHEN
    substr(t6.given,12,1) = '1' THEN t6.c11 ELSE t7."city" END,"companyId"=CASE WHEN substr(t6.given,13,1) =
    '1' THEN NULL ELSE t7."companyId" END,"updatedAt"=now()
  FROM placed AS t6
  WHERE t7."id" = t6.target AND (SELECT t5.problem FROM verdict AS t5) IS NULL
  RETURNING t7.*
)
,inserted AS (
  INSERT INTO "workspace_default"."person" AS t9 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t8.c0,t8.c1,t8.c2,t8.c3,t8.c4,t8.c5,t8.c6,t8.c7,t8.c8,t8.c9,t8.c10,t8.c11
  FROM placed AS t8
  WHERE t8.target IS NULL AND (SELECT t5.problem FROM verdict AS t5) IS NULL
  ON CONFLICT DO NOTHING
  RETURNING t9.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t13.key,t13.action,
    t13.before,t13.after,$17::text
  FROM (
    SELECT t10."id" AS key,'updated' AS action,to_jsonb(t11.*) AS before,to_jsonb(t10.*) AS after
    FROM updated AS t10
    JOIN locked AS t11 ON t11."id" = t10."id"
    UNION ALL
    SELECT t12."id" AS key,'created' AS action,NULL::jsonb AS before,to_jsonb(t12.*) AS after
    FROM inserted AS t12
  ) AS t13
)
SELECT COALESCE(
  (SELECT t14.problem FROM verdict AS t14),CASE WHEN t15.v0 IS NULL THEN COALESCE(
    (
      SELECT 'key_taken:' || json_build_array(1,(t16.position - 1),json_build_array(t16.c8))::text
      FROM placed AS t16
      WHERE t16.target IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t17
        WHERE t17."email" = t16.c8 AND t17."deletedAt" IS NULL AND (
          NOT substr(t16.given,9,1) = '1' OR NOT (
            t17."deletedAt" IS NULL AND (t17."city" = $1::text OR t17."city" = $2::text OR t17."city" IS NULL)
          ) IS TRUE
        )
      )
    ),fieldstone.retry()
  ) END
) AS problem,ARRAY[t15.v0] AS ids,'[{"created":' || t15.v1::text || '}]' AS answer,ARRAY(
  SELECT CASE WHEN t18.target IS NULL THEN CASE WHEN substr(t18.ways,1,1) = '1' THEN '1' ELSE '0' END || CASE
    WHEN substr(t18.ways,2,1) = '1' THEN '1' ELSE '0' END ELSE CASE WHEN t19."city" = $1::text IS TRUE THEN
    '1' ELSE '0' END || CASE WHEN t19."city" = $2::text IS TRUE THEN '1' ELSE '0' END || CASE WHEN (
    t19."city" IS NULL
  ) IS TRUE THEN '1' ELSE '0' END END AS ":ways"
  FROM placed AS t18
  LEFT JOIN locked AS t19 ON t19."id" = t18.target
) AS ways,ARRAY[t15.v1] AS created
FROM (SELECT) AS t20
LEFT JOIN (
  SELECT t21."id" AS v0,false AS v1
  FROM updated AS t21
  UNION ALL
  SELECT t22."id" AS v0,true AS v1
  FROM inserted AS t22
) AS t15 ON true;
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
