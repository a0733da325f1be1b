WITH written AS (
  INSERT INTO "workspace_default"."company" AS t0 (
    "id","name","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "website","employees","annualRevenue"
  )
  SELECT $1::uuid,$2::text,$3::text,$4::uuid,$5::text,$6::jsonb,$7::double precision,$8::text,$9::integer,$10::numeric
  RETURNING t0.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'878b63c0-6f18-5bcb-b29c-a3eec1f1015f'::uuid,t1."id",
    'created',NULL::jsonb,to_jsonb(t1.*),$11::text
  FROM written AS t1
)
SELECT NULL::text AS problem,NULL::uuid[] AS ids,CASE WHEN t2."id" IS NOT NULL THEN '[{"name":' || COALESCE(
  to_json(t2."name")::text,'null'
) || '}]' END AS answer
FROM (SELECT) AS t3
LEFT JOIN written AS t2 ON true;
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."company" AS t0
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
  UPDATE "workspace_default"."company" AS t4
  SET "name"=$2::text,"updatedAt"=now()
  WHERE t4."id" = ANY(ARRAY(SELECT t5."id" FROM locked AS t5)) AND (SELECT t6.problem FROM verdict AS t6) IS
    NULL
  RETURNING t4.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'878b63c0-6f18-5bcb-b29c-a3eec1f1015f'::uuid,t7."id",
    'updated',to_jsonb(t8.*),to_jsonb(t7.*),$3::text
  FROM written AS t7
  JOIN locked AS t8 ON t8."id" = t7."id"
  ORDER BY t7."id"
)
SELECT (SELECT t10.problem FROM verdict AS t10) AS problem,COALESCE(
  array_agg(t9."id" ORDER BY t9."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(
  string_agg('{"name":' || COALESCE(to_json(t9."name")::text,'null') || '}',',' ORDER BY t9."id"),''
) || ']' AS answer
FROM written AS t9;
