SELECT '{"a":{"totalCount":' || (
  SELECT count(*)
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NOT NULL
)::text || '},"b":{"totalCount":' || (
  SELECT count(*)
  FROM "workspace_default"."person" AS t1
  WHERE t1."deletedAt" IS NULL OR t1."deletedAt" IS NOT NULL
)::text || '}}';
