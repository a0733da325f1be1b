SELECT '{"people":{"totalCount":' || count(*)::text || '}}'
FROM "workspace_default"."person" AS t0
WHERE t0."deletedAt" IS NULL;
