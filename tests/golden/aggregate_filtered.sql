SELECT '{"companiesAggregate":{"count":' || count(*)::text || ',"sum":{"employees":' || COALESCE(
  to_json(trim_scale(sum(t0."employees")))::text,'null'
) || ',"annualRevenue":' || COALESCE(to_json(trim_scale(sum(t0."annualRevenue")))::text,'null') ||
  '},"avg":{"employees":' || COALESCE(to_json(trim_scale(avg(t0."employees")))::text,'null') || '}}}'
FROM "workspace_default"."company" AS t0
WHERE t0."deletedAt" IS NULL AND t0."employees" > $1::integer;
