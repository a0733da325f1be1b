SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"email":' || to_json(t2.c0)::text || ',"company":' || COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t3."name")::text,'null') || ',"activities":"\u00000"}'
        FROM "workspace_default"."company" AS t3
        WHERE t3."id" = t2.c1 AND t3."deletedAt" IS NULL
      ),'null'
    ) || '}}',','
  ),''
) || (
  ']},"companies":' || (
    SELECT '{"totalCount":' || count(*)::text || '}'
    FROM "workspace_default"."company" AS t4
    WHERE t4."deletedAt" IS NULL
  ) || '}'
)
FROM (
  SELECT t0."email" AS c0,t0."companyId" AS c1
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."company" AS t1
    WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL
  )
  ORDER BY t0."createdAt",t0."id"
  LIMIT 2
) AS t2;
