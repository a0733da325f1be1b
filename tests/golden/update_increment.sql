WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."company" AS t0
  WHERE t0."employees" < $1::integer AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (
  SELECT COALESCE(
    CASE WHEN (SELECT count(*) FROM locked AS t1) > 10000 THEN 'too_many' END,(
      SELECT 'out_of_range:' || json_build_array(0,t2."id")::text
      FROM locked AS t2
      WHERE t2."employees"::text::numeric + $2::integer::text::numeric > 2147483647 OR t2."employees"::text::numeric
        + $2::integer::text::numeric < (-2147483648)
      ORDER BY t2."id"
      LIMIT 1
    )
  ) AS problem
)
,written AS (
  UPDATE "workspace_default"."company" AS t3
  SET "employees"=t3."employees" + $2::integer,"website"=NULL,"updatedAt"=now()
  WHERE t3."id" = ANY(ARRAY(SELECT t4."id" FROM locked AS t4)) AND (SELECT t5.problem FROM verdict AS t5) IS
    NULL
  RETURNING t3.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'878b63c0-6f18-5bcb-b29c-a3eec1f1015f'::uuid,t6."id",
    'updated',to_jsonb(t7.*),to_jsonb(t6.*),$3::text
  FROM written AS t6
  FULL JOIN locked AS t7 ON t7."id" = t6."id"
  WHERE COALESCE(t7."id" = t6."id",false)
  ORDER BY t6."id"
)
SELECT (SELECT t9.problem FROM verdict AS t9) AS problem,COALESCE(
  array_agg(t8."id" ORDER BY t8."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(
  string_agg('{"employees":' || COALESCE(t8."employees"::text,'null') || '}',',' ORDER BY t8."id"),''
) || ']' AS answer
FROM written AS t8;
