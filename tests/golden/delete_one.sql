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
    )
  ) AS problem
)
,written AS (
  UPDATE "workspace_default"."person" AS t4
  SET "deletedAt"=now(),"updatedAt"=now()
  WHERE t4."id" = ANY(ARRAY(SELECT t5."id" FROM locked AS t5)) AND (SELECT t6.problem FROM verdict AS t6) IS
    NULL
  RETURNING t4.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t7."id",
    'deleted',to_jsonb(t8.*),to_jsonb(t7.*),$2::text
  FROM written AS t7
  JOIN locked AS t8 ON t8."id" = t7."id"
  ORDER BY t7."id"
)
SELECT (SELECT t10.problem FROM verdict AS t10) AS problem,COALESCE(
  array_agg(t9."id" ORDER BY t9."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(
  string_agg(
    '{"id":"' || t9."id"::text || '","email":' || to_json(t9."email")::text || '}',','
    ORDER BY t9."id"
  ),''
) || ']' AS answer
FROM written AS t9;
