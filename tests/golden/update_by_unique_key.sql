WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."person" AS t0
  WHERE t0."email" = $1::text AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 2 FOR UPDATE
)
,verdict AS (
  SELECT COALESCE(
    CASE WHEN (SELECT count(*) FROM locked AS t1) > 1 THEN 'too_many' END,CASE WHEN NOT EXISTS (
      SELECT 1
      FROM locked AS t2
    ) THEN 'not_found:[]' END
  ) AS problem
)
,written AS (
  UPDATE "workspace_default"."person" AS t3
  SET "city"=$2::text,"updatedAt"=now()
  WHERE t3."id" = ANY(ARRAY(SELECT t4."id" FROM locked AS t4)) AND (SELECT t5.problem FROM verdict AS t5) IS
    NULL
  RETURNING t3.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t6."id",
    'updated',to_jsonb(t7.*),to_jsonb(t6.*),$3::text
  FROM written AS t6
  JOIN locked AS t7 ON t7."id" = t6."id"
  ORDER BY t6."id"
)
SELECT (SELECT t10.problem FROM verdict AS t10) AS problem,COALESCE(
  array_agg(t8."id" ORDER BY t8."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(
  string_agg(
    '{"city":' || COALESCE(to_json(t8."city")::text,'null') || ',"company":' || COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t9."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t9
        WHERE t9."id" = t8."companyId" AND t9."deletedAt" IS NULL
      ),'null'
    ) || '}',','
    ORDER BY t8."id"
  ),''
) || ']' AS answer
FROM written AS t8;
