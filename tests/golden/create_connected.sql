WITH written AS (
  INSERT INTO "workspace_default"."person" AS t1 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city","companyId"
  )
  SELECT $1::uuid,$2::text,$3::uuid,$4::text,$5::jsonb,$6::double precision,$7::text,$8::text,$9::text,$10::text,
    $11::text,$12::text,t0."id"
  FROM "workspace_default"."company" AS t0
  WHERE t0."id" = $13::uuid AND t0."deletedAt" IS NULL FOR KEY SHARE
  RETURNING t1.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t2."id",
    'created',NULL::jsonb,to_jsonb(t2.*),$14::text
  FROM written AS t2
)
SELECT CASE WHEN t3."id" IS NULL THEN 'target_not_found:[0,0]' END AS problem,NULL::uuid[] AS ids,CASE WHEN t3."id"
  IS NOT NULL THEN '[{"email":' || to_json(t3."email")::text || '}]' END AS answer
FROM (SELECT) AS t4
LEFT JOIN written AS t3 ON true;
