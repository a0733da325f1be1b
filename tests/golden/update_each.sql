WITH given AS (
  SELECT t0.x0 AS id,t0.x1 AS parent,t0.x2 AS given,t0.x3 AS c0,t0.x4 AS c1,t0.position
  FROM ROWS
  FROM (json_to_recordset($1::json) AS ("id" uuid,"parent" uuid,"given" text,"v0" text,"v1" uuid))
  WITH ORDINALITY AS t0(x0,x1,x2,x3,x4,position)
)
,locked AS (
  SELECT t1.*
  FROM "workspace_default"."person" AS t1
  WHERE t1."id" = ANY(ARRAY(SELECT t2.id FROM given AS t2)) AND t1."deletedAt" IS NULL
  ORDER BY t1."id" FOR UPDATE
)
,verdict AS (
  SELECT (
    SELECT 'not_found:[' || (t3.position - 1)::text || ']'
    FROM given AS t3
    FULL JOIN locked AS t4 ON t4."id" = t3.id
    WHERE t4."id" IS NULL
    ORDER BY t3.position
    LIMIT 1
  ) AS problem
)
,written AS (
  UPDATE "workspace_default"."person" AS t5
  SET "city"=CASE WHEN substr(t6.given,1,1) = '1' THEN t6.c0 ELSE t5."city" END,"companyId"=CASE WHEN substr(
    t6.given,2,1
  ) = '1' THEN t6.c1 ELSE t5."companyId" END,"updatedAt"=now()
  FROM given AS t6
  WHERE t5."id" = ANY(ARRAY(SELECT t7."id" FROM locked AS t7)) AND t6.id = t5."id" AND (
    SELECT t8.problem
    FROM verdict AS t8
  ) IS NULL
  RETURNING t5.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t9."id",
    'updated',to_jsonb(t10.*),to_jsonb(t9.*),$2::text
  FROM written AS t9
  FULL JOIN locked AS t10 ON t10."id" = t9."id"
  WHERE COALESCE(t10."id" = t9."id",false)
  ORDER BY t9."id"
)
SELECT (SELECT t11.problem FROM verdict AS t11) AS problem,NULL::uuid[] AS ids,NULL::text AS answer;
SELECT '[' || COALESCE(
  string_agg(
    fieldstone.within_limit(
      '{"email":' || to_json(t1."email")::text || ',"city":' || COALESCE(to_json(t1."city")::text,'null') ||
        '}',0,67108864
    ),','
    ORDER BY t0.position
  ),''
) || ']'
FROM unnest((SELECT $1::uuid[])::uuid[])
WITH ORDINALITY AS t0(id,position)
JOIN "workspace_default"."person" AS t1 ON t1."id" = t0.id;
SELECT version
FROM fieldstone.workspace
WHERE id = $1::uuid;
