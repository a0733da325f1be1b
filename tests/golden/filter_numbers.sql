SELECT '{"a":{"totalCount":' || count(*)::text || '},"b":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."company" AS t1
  WHERE t1."deletedAt" IS NULL AND t1."annualRevenue" > $3::numeric
) || ',"c":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."company" AS t2
  WHERE t2."deletedAt" IS NULL AND t2."employees" IS NULL
) || ',"d":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."company" AS t3
  WHERE t3."deletedAt" IS NULL AND t3."employees" <> t3."employees"
) || ',"e":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."company" AS t4
  WHERE t4."deletedAt" IS NULL AND t4."employees" IS NOT NULL
) || '}'
FROM "workspace_default"."company" AS t0
WHERE t0."deletedAt" IS NULL AND t0."employees" >= $1::integer AND t0."employees" <= $2::integer;
