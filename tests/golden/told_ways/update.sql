WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."person" AS t0
  WHERE t0."email" = $1::text AND t0."deletedAt" IS NULL AND (
    t0."city" = $3::text OR t0."city" = $4::text OR t0."city" IS NULL
  )
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM locked AS t1) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."person" AS t4
  SET "lastName"=$2::text,"updatedAt"=now()
  WHERE t4."id" = ANY(ARRAY(SELECT t5."id" FROM locked AS t5)) AND (SELECT t6.problem FROM verdict AS t6) IS
    NULL
  RETURNING t4.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t7."id",
    'updated',to_jsonb(t8.*),to_jsonb(t7.*),$5::text
  FROM written AS t7
  FULL JOIN locked AS t8 ON t8."id" = t7."id"
  WHERE COALESCE(t8."id" = t7."id",false)
  ORDER BY t7."id"
)
SELECT (SELECT t10.problem FROM verdict AS t10) AS problem,COALESCE(
  array_agg(t9."id" ORDER BY t9."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(string_agg('{"id":"' || t9."id"::text || '"}',',' ORDER BY t9."id"),'') || ']' AS
  answer,ARRAY(
  SELECT CASE WHEN t11."city" = $3::text IS TRUE THEN '1' ELSE '0' END || CASE WHEN t11."city" = $4::text IS
    TRUE THEN '1' ELSE '0' END || CASE WHEN (t11."city" IS NULL) IS TRUE THEN '1' ELSE '0' END
  FROM locked AS t11
  FULL JOIN written AS t12 ON t12."id" = t11."id"
  WHERE COALESCE(t12."id" = t11."id",false)
  ORDER BY t11."id"
) AS ways
FROM written AS t9;
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
