WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."person" AS t0
  WHERE t0."id" = ANY($1::uuid[]) AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 2 FOR UPDATE
)
,verdict AS (
  SELECT COALESCE(
    CASE WHEN (SELECT count(*) FROM locked AS t1) > 1 THEN 'too_many' END,(
      SELECT 'not_found:' || json_agg(t2.id ORDER BY t2.position)::text
      FROM unnest($1::uuid[])
      WITH ORDINALITY AS t2(id,position)
      FULL JOIN locked AS t3 ON t3."id" = t2.id
      WHERE t3."id" IS NULL
    ),(
      SELECT 'changed:' || json_build_array(timezone('UTC',t4."updatedAt"))::text
      FROM locked AS t4
      WHERE NOT (t4."updatedAt" >= $3::timestamptz AND t4."updatedAt" < $4::timestamptz) IS TRUE
      LIMIT 1
    )
  ) AS problem
)
,written AS (
  UPDATE "workspace_default"."person" AS t5
  SET "city"=$2::text,"updatedAt"=now()
  WHERE t5."id" = ANY(ARRAY(SELECT t6."id" FROM locked AS t6)) AND (SELECT t7.problem FROM verdict AS t7) IS
    NULL
  RETURNING t5.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t8."id",
    'updated',to_jsonb(t9.*),to_jsonb(t8.*),$5::text
  FROM written AS t8
  JOIN locked AS t9 ON t9."id" = t8."id"
  ORDER BY t8."id"
)
SELECT (SELECT t11.problem FROM verdict AS t11) AS problem,COALESCE(
  array_agg(t10."id" ORDER BY t10."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(string_agg('{"id":"' || t10."id"::text || '"}',',' ORDER BY t10."id"),'') || ']' AS
  answer
FROM written AS t10;
SELECT version
FROM fieldstone.workspace
WHERE id = $1::uuid;
