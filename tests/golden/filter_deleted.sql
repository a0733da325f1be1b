SELECT '{"a":{"totalCount":' || count(*)::text || '},"b":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t1
  WHERE t1."deletedAt" IS NULL OR t1."deletedAt" IS NOT NULL
) || '}'
FROM "workspace_default"."person" AS t0
WHERE t0."deletedAt" IS NOT NULL;
