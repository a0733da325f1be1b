SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t4
  WHERE t4."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."company" AS t5
    WHERE t5."id" = t4."companyId" AND t5."deletedAt" IS NULL AND t5."name" ILIKE $1::text AND t5."employees"
      > $2::integer
  )
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"email":' || to_json(t2.c0)::text || ',"company":' || COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t3."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t3
        WHERE t3."id" = t2.c1 AND t3."deletedAt" IS NULL
      ),'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."email" AS c0,t0."companyId" AS c1
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."company" AS t1
    WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL AND t1."name" ILIKE $1::text AND t1."employees"
      > $2::integer
  )
  ORDER BY t0."email",t0."id"
  LIMIT 2
) AS t2;
