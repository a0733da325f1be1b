SAVEPOINT merging;
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."person" AS t0
  WHERE t0."id" = ANY($1::uuid[]) AND t0."deletedAt" IS NULL
  ORDER BY t0."id" FOR UPDATE
)
,verdict AS (
  SELECT (
    SELECT 'not_found:' || json_agg(t1.id ORDER BY t1.position)::text
    FROM unnest($1::uuid[])
    WITH ORDINALITY AS t1(id,position)
    FULL JOIN locked AS t2 ON t2."id" = t1.id
    WHERE t2."id" IS NULL
  ) AS problem
)
,lost AS (
  UPDATE "workspace_default"."person" AS t3
  SET "deletedAt"=now(),"updatedAt"=now()
  WHERE t3."id" = ANY($1::uuid[]) AND t3."id" <> $2::uuid AND (SELECT t4.problem FROM verdict AS t4) IS NULL
  RETURNING t3.*
)
,merged AS (
  SELECT (
    array_agg(
      t5."firstName"
      ORDER BY CASE WHEN t5."id" = $2::uuid THEN 0 ELSE array_position($1::uuid[],t5."id") END
    ) FILTER (WHERE t5."firstName" <> '')
  )[1] AS u0_0,(
    array_agg(
      t5."lastName"
      ORDER BY CASE WHEN t5."id" = $2::uuid THEN 0 ELSE array_position($1::uuid[],t5."id") END
    ) FILTER (WHERE t5."lastName" <> '')
  )[1] AS u1_0,(
    array_agg(
      t5."email"
      ORDER BY CASE WHEN t5."id" = $2::uuid THEN 0 ELSE array_position($1::uuid[],t5."id") END
    ) FILTER (WHERE t5."email" <> '')
  )[1] AS u2_0,(
    array_agg(
      t5."phone"
      ORDER BY CASE WHEN t5."id" = $2::uuid THEN 0 ELSE array_position($1::uuid[],t5."id") END
    ) FILTER (WHERE t5."phone" <> '')
  )[1] AS u3_0,(
    array_agg(
      t5."jobTitle"
      ORDER BY CASE WHEN t5."id" = $2::uuid THEN 0 ELSE array_position($1::uuid[],t5."id") END
    ) FILTER (WHERE t5."jobTitle" <> '')
  )[1] AS u4_0,(
    array_agg(
      t5."city"
      ORDER BY CASE WHEN t5."id" = $2::uuid THEN 0 ELSE array_position($1::uuid[],t5."id") END
    ) FILTER (WHERE t5."city" <> '')
  )[1] AS u5_0,(
    array_agg(
      t5."companyId"
      ORDER BY CASE WHEN t5."id" = $2::uuid THEN 0 ELSE array_position($1::uuid[],t5."id") END
    ) FILTER (WHERE t5."companyId" IS NOT NULL)
  )[1] AS u6_0,count(*) AS rows
  FROM locked AS t5
)
,written AS (
  UPDATE "workspace_default"."person" AS t6
  SET "firstName"=COALESCE(t7.u0_0,t6."firstName"),"lastName"=COALESCE(t7.u1_0,t6."lastName"),"email"=COALESCE(
    t7.u2_0,t6."email"
  ),"phone"=COALESCE(t7.u3_0,t6."phone"),"jobTitle"=COALESCE(t7.u4_0,t6."jobTitle"),"city"=COALESCE(
    t7.u5_0,t6."city"
  ),"companyId"=COALESCE(t7.u6_0,t6."companyId"),"updatedAt"=now()
  FROM merged AS t7
  WHERE t6."id" = $2::uuid AND (SELECT count(*) FROM lost AS t8) >= 0 AND (
    SELECT t9.problem
    FROM verdict AS t9
  ) IS NULL
  RETURNING t6.*
)
,filled AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t10."id",
    'updated',to_jsonb(t11.*),to_jsonb(t10.*),$3::text
  FROM written AS t10
  JOIN locked AS t11 ON t11."id" = t10."id"
  ORDER BY t10."id"
)
,deleted AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'10846ade-694b-5846-8d24-9749b730218e'::uuid,t12."id",
    'deleted',to_jsonb(t13.*),to_jsonb(t12.*),$3::text
  FROM lost AS t12
  JOIN locked AS t13 ON t13."id" = t12."id"
  ORDER BY t12."id"
)
SELECT (SELECT t14.problem FROM verdict AS t14) AS problem,ARRAY[$2::uuid] AS ids,NULL::text AS answer;
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."activity" AS t0
  WHERE t0."personId" = ANY($1::uuid[]) AND t0."personId" <> $2::uuid
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,judged AS (
  SELECT t2.*,false AS _gone
  FROM (
    SELECT t1.*,CASE WHEN t1."personId" = ANY($1::uuid[]) AND t1."personId" <> $2::uuid THEN $2::uuid ELSE t1."personId"
      END AS _n0
    FROM locked AS t1
  ) AS t2
)
,verdict AS (
  SELECT (SELECT CASE WHEN (SELECT count(*) FROM locked AS t3) > 10000 THEN 'too_many' END) AS problem
)
,moved AS (
  UPDATE "workspace_default"."activity" AS t4
  SET "personId"=t5._n0,"updatedAt"=now()
  FROM judged AS t5
  WHERE t4."id" = t5."id" AND NOT t5._gone AND t5."personId" <> t5._n0 AND (
    SELECT t6.problem
    FROM verdict AS t6
  ) IS NULL
  RETURNING t4.*
)
,moving AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'7055c8aa-02ed-5ab5-bde1-48c7ced83fd4'::uuid,t7."id",
    'updated',to_jsonb(t8.*),to_jsonb(t7.*),$3::text
  FROM moved AS t7
  FULL JOIN locked AS t8 ON t8."id" = t7."id"
  WHERE COALESCE(t8."id" = t7."id",false)
  ORDER BY t7."id"
)
SELECT (SELECT t9.problem FROM verdict AS t9) AS problem,NULL::uuid[] AS ids,NULL::text AS answer;
SELECT '[' || COALESCE(
  string_agg(
    '{"firstName":' || COALESCE(to_json(t1."firstName")::text,'null') || ',"email":' || to_json(t1."email")::text
      || ',"phone":' || COALESCE(to_json(t1."phone")::text,'null') || ',"company":' || COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t2."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t2
        WHERE t2."id" = t1."companyId" AND t2."deletedAt" IS NULL
      ),'null'
    ) || ',"activities":' || (
      SELECT '{"totalCount":' || count(*)::text || '}'
      FROM "workspace_default"."activity" AS t3
      WHERE t3."personId" = t1."id" AND t3."deletedAt" IS NULL
    ) || '}',','
    ORDER BY t0.position
  ),''
) || ']'
FROM unnest((SELECT $1::uuid[])::uuid[])
WITH ORDINALITY AS t0(id,position)
JOIN "workspace_default"."person" AS t1 ON t1."id" = t0.id;
ROLLBACK TO SAVEPOINT merging;
