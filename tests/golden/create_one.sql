WITH written AS (
  INSERT INTO "workspace_default"."person" AS t0 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT $1::uuid,$2::text,$3::uuid,$4::text,$5::jsonb,$6::double precision,$7::text,$8::text,$9::text,$10::text,
    $11::text,$12::text
  RETURNING t0.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t1."id",
    'created',NULL::jsonb,to_jsonb(t1.*),$13::text
  FROM written AS t1
)
SELECT NULL::text AS problem,NULL::uuid[] AS ids,CASE WHEN t2."id" IS NOT NULL THEN '[{"id":"' || t2."id"::text
  || '","firstName":' || COALESCE(to_json(t2."firstName")::text,'null') || ',"email":' || to_json(t2."email")::text
  || ',"company":' || COALESCE(
  (
    SELECT '{"id":"' || t3."id"::text || '"}'
    FROM "workspace_default"."company" AS t3
    WHERE t3."id" = t2."companyId" AND t3."deletedAt" IS NULL
  ),'null'
) || ',"createdBy":{"source":' || COALESCE(to_json(t2."createdBySource")::text,'null') || ',"name":' ||
  COALESCE(to_json(t2."createdByName")::text,'null') || '},"position":' || to_json(t2."position")::text ||
  ',"deletedAt":' || COALESCE(left(to_json(timezone('UTC',t2."deletedAt"))::text,(-1)) || 'Z"','null') || '}]'
  END AS answer
FROM (SELECT) AS t4
LEFT JOIN written AS t2 ON true;
