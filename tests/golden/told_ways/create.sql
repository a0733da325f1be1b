WITH written AS (
  INSERT INTO "workspace_default"."person" AS t0 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT $1::uuid,$2::text,$3::uuid,$4::text,$5::jsonb,$6::double precision,$7::text,$8::text,$9::text,$10::text,
    $11::text,$12::text
  WHERE substr($13::text,1,1) = '1' OR substr($13::text,2,1) = '1'
  RETURNING t0.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t1."id",
    'created',NULL::jsonb,to_jsonb(t1.*),$14::text
  FROM written AS t1
)
SELECT CASE WHEN t2."id" IS NULL THEN 'check:[0]' END AS problem,ARRAY[t2."id"] AS ids,NULL::text AS answer,
  ARRAY[
  CASE WHEN substr($13::text,1,1) = '1' THEN '1' ELSE '0' END || CASE WHEN substr($13::text,2,1) = '1' THEN
    '1' ELSE '0' END
] AS ways
FROM (SELECT) AS t3
LEFT JOIN written AS t2 ON true;
SELECT '[' || COALESCE(string_agg('{"id":"' || t1."id"::text || '"}',',' ORDER BY t0.position),'') || ']'
FROM unnest((SELECT $1::uuid[])::uuid[])
WITH ORDINALITY AS t0(id,position)
JOIN "workspace_default"."person" AS t1 ON t1."id" = t0.id;
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
        )
      ) IS NOT TRUE
    )
    FROM "workspace_default"."person" AS t0
    WHERE t0."id" = t3.id
  )
  ORDER BY t3.id
  LIMIT 1
);
