SELECT '{"a":{"totalCount":' || (
  SELECT count(*)
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL
)::text || '},"b":{"totalCount":' || (
  SELECT count(*)
  FROM "workspace_default"."person" AS t1
  WHERE t1."deletedAt" IS NULL
)::text || '},"c":{"totalCount":' || (
  SELECT count(*)
  FROM "workspace_default"."person" AS t2
  WHERE t2."deletedAt" IS NULL
)::text || '}}';
