WITH given AS (
  SELECT t0.x0 AS id,t0.x1 AS parent,t0.x2 AS given,t0.x3 AS c0,t0.position
  FROM ROWS
  FROM (json_to_recordset($1::json) AS ("id" uuid,"parent" uuid,"given" text,"v0" text))
  WITH ORDINALITY AS t0(x0,x1,x2,x3,position)
)
,locked AS (
  SELECT t1.*
  FROM "workspace_default"."person" AS t1
  WHERE t1."id" = ANY(ARRAY(SELECT t2.id FROM given AS t2)) AND t1."deletedAt" IS NULL AND (
    t1."city" = $2::text OR t1."city" = $3::text OR t1."city" IS NULL
  )
  ORDER BY t1."id" FOR UPDATE
)
,verdict AS (
  SELECT COALESCE(
    (
      SELECT 'forbidden:' || json_build_array((t3.position - 1))::text
      FROM given AS t3
      FULL JOIN locked AS t4 ON t4."id" = t3.id
      WHERE t4."id" IS NULL AND (
        EXISTS (
          SELECT 1
          FROM "workspace_default"."person" AS t5
          WHERE t5."id" = t3.id AND t5."deletedAt" IS NULL
        )
      ) IS TRUE
      ORDER BY t3.position
      LIMIT 1
    ),(
      SELECT 'not_found:[' || (t6.position - 1)::text || ']'
      FROM given AS t6
      FULL JOIN locked AS t7 ON t7."id" = t6.id
      WHERE t7."id" IS NULL
      ORDER BY t6.position
      LIMIT 1
    )
  ) AS problem
)
,written AS (
  UPDATE "workspace_default"."person" AS t8
  SET "lastName"=CASE WHEN substr(t9.given,1,1) = '1' THEN t9.c0 ELSE t8."lastName" END,"updatedAt"=now()
  FROM given AS t9
  WHERE t8."id" = ANY(ARRAY(SELECT t10."id" FROM locked AS t10)) AND t9.id = t8."id" AND (
    SELECT t11.problem
    FROM verdict AS t11
  ) IS NULL
  RETURNING t8.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t12."id",
    'updated',to_jsonb(t13.*),to_jsonb(t12.*),$4::text
  FROM written AS t12
  FULL JOIN locked AS t13 ON t13."id" = t12."id"
  WHERE COALESCE(t13."id" = t12."id",false)
  ORDER BY t12."id"
)
SELECT (SELECT t18.problem FROM verdict AS t18) AS problem,ARRAY(
  SELECT t14."id"
  FROM written AS t14
  ORDER BY t14."id"
) AS ids,NULL::text AS answer,ARRAY(
  SELECT CASE WHEN t16."city" = $2::text IS TRUE THEN '1' ELSE '0' END || CASE WHEN t16."city" = $3::text IS
    TRUE THEN '1' ELSE '0' END || CASE WHEN (t16."city" IS NULL) IS TRUE THEN '1' ELSE '0' END
  FROM given AS t15
  FULL JOIN locked AS t16 ON t16."id" = t15.id
  FULL JOIN written AS t17 ON t17."id" = t16."id"
  WHERE COALESCE(t16."id" = t15.id,false) AND COALESCE(t17."id" = t16."id",false)
  ORDER BY t16."id"
) AS ways;
SELECT '[' || COALESCE(string_agg('{"id":"' || t1."id"::text || '"}',',' ORDER BY t0.position),'') || ']'
FROM unnest((SELECT $1::uuid[])::uuid[])
WITH ORDINALITY AS t0(id,position)
JOIN "workspace_default"."person" AS t1 ON t1."id" = t0.id;
