WITH found AS (
  SELECT t0."id"
  FROM "workspace_default"."person" AS t0
  WHERE EXISTS (
    SELECT 1
    FROM "workspace_default"."company" AS t1
    WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL AND (
      fieldstone.text_key_1(t1."name") COLLATE "C"
    ) = (SELECT (fieldstone.text_key_1($1::text) COLLATE "C")) AND t1."name" = $1::text
  ) AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 10001
)
,locked AS (
  SELECT t0.*
  FROM "workspace_default"."person" AS t0
  WHERE t0."id" = ANY(ARRAY(SELECT t2."id" FROM found AS t2)) AND (
    EXISTS (
      SELECT 1
      FROM "workspace_default"."company" AS t1
      WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL AND (
        fieldstone.text_key_1(t1."name") COLLATE "C"
      ) = (SELECT (fieldstone.text_key_1($1::text) COLLATE "C")) AND t1."name" = $1::text
    ) AND t0."deletedAt" IS NULL
  ) IS TRUE
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM found AS t3) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."person" AS t4
  SET "jobTitle"=$2::text,"updatedAt"=now()
  WHERE t4."id" = ANY(ARRAY(SELECT t5."id" FROM locked AS t5)) AND (SELECT t6.problem FROM verdict AS t6) IS
    NULL
  RETURNING t4.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t7."id",
    'updated',to_jsonb(t8.*),to_jsonb(t7.*),$3::text
  FROM written AS t7
  FULL JOIN locked AS t8 ON t8."id" = t7."id"
  WHERE COALESCE(t8."id" = t7."id",false)
  ORDER BY t7."id"
)
SELECT (SELECT t10.problem FROM verdict AS t10) AS problem,COALESCE(
  array_agg(t9."id" ORDER BY t9."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(
  string_agg(
    fieldstone.within_limit('{"jobTitle":' || COALESCE(to_json(t9."jobTitle")::text,'null') || '}',0,67108864),
      ','
    ORDER BY t9."id"
  ),''
) || ']' AS answer
FROM written AS t9;
