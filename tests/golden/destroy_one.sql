SET CONSTRAINTS ALL DEFERRED;
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."person" AS t0
  WHERE t0."id" = ANY($1::uuid[])
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
  DELETE FROM "workspace_default"."person" AS t4
  WHERE t4."id" = ANY(ARRAY(SELECT t5."id" FROM locked AS t5)) AND (SELECT t6.problem FROM verdict AS t6) IS
    NULL
  RETURNING t4."id"
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t7."id",
    'destroyed',to_jsonb(t7.*),NULL::jsonb,$2::text
  FROM locked AS t7
  JOIN written AS t8 ON t8."id" = t7."id"
  ORDER BY t7."id"
)
SELECT (SELECT t10.problem FROM verdict AS t10) AS problem,COALESCE(
  array_agg(t9."id" ORDER BY t9."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(string_agg('{"email":' || to_json(t9."email")::text || '}',',' ORDER BY t9."id"),'')
  || ']' AS answer
FROM locked AS t9
JOIN written AS t11 ON t11."id" = t9."id";
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."opportunity" AS t0
  WHERE t0."personId" = ANY($1::uuid[])
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM locked AS t1) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."opportunity" AS t2
  SET "personId"=NULL,"updatedAt"=now()
  WHERE t2."id" = ANY(ARRAY(SELECT t3."id" FROM locked AS t3)) AND (SELECT t4.problem FROM verdict AS t4) IS
    NULL
  RETURNING t2.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'f1b0a4a7-dfad-5c90-832d-1236bf701a47'::uuid,t5."id",
    'updated',to_jsonb(t6.*),to_jsonb(t5.*),$2::text
  FROM written AS t5
  FULL JOIN locked AS t6 ON t6."id" = t5."id"
  WHERE COALESCE(t6."id" = t5."id",false)
  ORDER BY t5."id"
)
SELECT (SELECT t8.problem FROM verdict AS t8) AS problem,COALESCE(
  array_agg(t7."id" ORDER BY t7."id"),'{}'::uuid[]
) AS ids,NULL::text AS answer
FROM written AS t7;
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."activity" AS t0
  WHERE t0."personId" = ANY($1::uuid[])
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM locked AS t1) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."activity" AS t2
  SET "personId"=NULL,"updatedAt"=now()
  WHERE t2."id" = ANY(ARRAY(SELECT t3."id" FROM locked AS t3)) AND (SELECT t4.problem FROM verdict AS t4) IS
    NULL
  RETURNING t2.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'7055c8aa-02ed-5ab5-bde1-48c7ced83fd4'::uuid,t5."id",
    'updated',to_jsonb(t6.*),to_jsonb(t5.*),$2::text
  FROM written AS t5
  FULL JOIN locked AS t6 ON t6."id" = t5."id"
  WHERE COALESCE(t6."id" = t5."id",false)
  ORDER BY t5."id"
)
SELECT (SELECT t8.problem FROM verdict AS t8) AS problem,COALESCE(
  array_agg(t7."id" ORDER BY t7."id"),'{}'::uuid[]
) AS ids,NULL::text AS answer
FROM written AS t7;
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."specimen" AS t0
  WHERE t0."aMorphRelationPersonId" = ANY($1::uuid[])
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM locked AS t1) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."specimen" AS t2
  SET "aMorphRelationPersonId"=NULL,"updatedAt"=now()
  WHERE t2."id" = ANY(ARRAY(SELECT t3."id" FROM locked AS t3)) AND (SELECT t4.problem FROM verdict AS t4) IS
    NULL
  RETURNING t2.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'4b4410a0-4ded-5ae5-9901-31acd0bda302'::uuid,t5."id",
    'updated',to_jsonb(t6.*),to_jsonb(t5.*),$2::text
  FROM written AS t5
  FULL JOIN locked AS t6 ON t6."id" = t5."id"
  WHERE COALESCE(t6."id" = t5."id",false)
  ORDER BY t5."id"
)
SELECT (SELECT t8.problem FROM verdict AS t8) AS problem,COALESCE(
  array_agg(t7."id" ORDER BY t7."id"),'{}'::uuid[]
) AS ids,NULL::text AS answer
FROM written AS t7;
