SELECT '{"people":{"totalCount":' || (
  SELECT count(*)
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL
)::text || '}}';
