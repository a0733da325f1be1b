SELECT '{"person":"\u00000","companies":{"totalCount":' || count(*)::text || '}}'
FROM "workspace_default"."company" AS t0
WHERE t0."deletedAt" IS NULL;
