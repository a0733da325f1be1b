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
SELECT NULL::text AS problem,ARRAY[t2."id"] AS ids,NULL::text AS answer
FROM (SELECT) AS t3
LEFT JOIN written AS t2 ON true;
SELECT '[' || COALESCE(
  string_agg(
    '{"name":' || COALESCE(to_json(t1."name")::text,'null') || ',"people":' || (
      SELECT '{"totalCount":' || count(*)::text || '}'
      FROM "workspace_default"."person" AS t2
      WHERE t2."companyId" = t1."id" AND t2."deletedAt" IS NULL
    ) || '}',','
    ORDER BY t0.position
  ),''
) || ']'
FROM unnest((SELECT $1::uuid[])::uuid[])
WITH ORDINALITY AS t0(id,position)
JOIN "workspace_default"."company" AS t1 ON t1."id" = t0.id;
