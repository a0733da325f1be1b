WITH given AS NOT MATERIALIZED (
  SELECT $1::uuid AS c0,$2::text AS c1,$3::uuid AS c2,$4::text AS c3,$5::jsonb AS c4,$6::double precision AS
    c5,$7::text AS c6,$8::text AS c7,$9::text AS c8,$10::text AS c9,$11::text AS c10,$12::text AS c11,$13::text
    AS given,1 AS position
)
,locked AS (
  SELECT t1.*
  FROM "workspace_default"."person" AS t1,given AS t0
  WHERE substr(t0.given,9,1) = '1' AND t1."email" = t0.c8 AND t1."deletedAt" IS NULL FOR UPDATE
)
,placed AS NOT MATERIALIZED (SELECT t2.*,(SELECT t3."id" FROM locked AS t3) AS target FROM given AS t2)
,updated AS (
  UPDATE "workspace_default"."person" AS t5
  SET "firstName"=CASE WHEN substr(t4.given,7,1) = '1' THEN t4.c6 ELSE t5."firstName" END,"companyId"=CASE
    WHEN substr(t4.given,13,1) = '1' THEN NULL ELSE t5."companyId" END,"updatedAt"=now()
  FROM placed AS t4
  WHERE t5."id" = t4.target
  RETURNING t5.*
)
,inserted AS (
  INSERT INTO "workspace_default"."person" AS t7 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city"
  )
  SELECT t6.c0,t6.c1,t6.c2,t6.c3,t6.c4,t6.c5,t6.c6,t6.c7,t6.c8,t6.c9,t6.c10,t6.c11
  FROM placed AS t6
  WHERE t6.target IS NULL
  ON CONFLICT DO NOTHING
  RETURNING t7.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t11.key,t11.action,
    t11.before,t11.after,$14::text
  FROM (
    SELECT t8."id" AS key,'updated' AS action,to_jsonb(t9.*) AS before,to_jsonb(t8.*) AS after
    FROM updated AS t8
    JOIN locked AS t9 ON t9."id" = t8."id"
    UNION ALL
    SELECT t10."id" AS key,'created' AS action,NULL::jsonb AS before,to_jsonb(t10.*) AS after
    FROM inserted AS t10
  ) AS t11
)
SELECT CASE WHEN t12.v0 IS NULL THEN fieldstone.retry() END AS problem,ARRAY[t12.v0] AS ids,'[{"new":' || t12.v1::text
  || ',"record":{"email":' || to_json(t12.v2)::text || ',"firstName":' || COALESCE(
  to_json(t12.v3)::text,'null'
) || '}}]' AS answer,ARRAY[t12.v1] AS created
FROM (SELECT) AS t13
LEFT JOIN (
  SELECT t14."id" AS v0,false AS v1,t14."email" AS v2,t14."firstName" AS v3
  FROM updated AS t14
  UNION ALL
  SELECT t15."id" AS v0,true AS v1,t15."email" AS v2,t15."firstName" AS v3
  FROM inserted AS t15
) AS t12 ON true;
