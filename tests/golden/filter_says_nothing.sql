SELECT '{"a":{"totalCount":' || count(*)::text || '},"b":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t1
  WHERE t1."deletedAt" IS NULL
) || ',"c":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t2
  WHERE t2."deletedAt" IS NULL
) || '}'
FROM "workspace_default"."person" AS t0
WHERE t0."deletedAt" IS NULL;
