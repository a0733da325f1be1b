WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."person" AS t0
  WHERE t0."city" = $1::text AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM locked AS t1) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."person" AS t2
  SET "jobTitle"=$2::text,"updatedAt"=now()
  WHERE t2."id" = ANY(ARRAY(SELECT t3."id" FROM locked AS t3)) AND (SELECT t4.problem FROM verdict AS t4) IS
    NULL
  RETURNING t2.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t5."id",
    'updated',to_jsonb(t6.*),to_jsonb(t5.*),$3::text
  FROM written AS t5
  FULL JOIN locked AS t6 ON t6."id" = t5."id"
  WHERE COALESCE(t6."id" = t5."id",false)
  ORDER BY t5."id"
)
SELECT (SELECT t8.problem FROM verdict AS t8) AS problem,COALESCE(
  array_agg(t7."id" ORDER BY t7."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(
  string_agg(
    fieldstone.within_limit('{"jobTitle":' || COALESCE(to_json(t7."jobTitle")::text,'null') || '}',0,67108864),
      ','
    ORDER BY t7."id"
  ),''
) || ']' AS answer
FROM written AS t7;
