SELECT '{"opportunitiesAggregate":{"count":' || count(*)::text || ',"sum":{"amount":' || COALESCE(
  to_json(trim_scale(sum(t0."amount")))::text,'null'
) || '},"avg":{"amount":' || COALESCE(to_json(trim_scale(avg(t0."amount")))::text,'null') ||
  '},"min":{"amount":' || COALESCE(to_json(min(t0."amount"))::text,'null') || ',"closeDate":' || COALESCE(
  to_json(min(t0."closeDate"))::text,'null'
) || '},"max":{"amount":' || COALESCE(to_json(max(t0."amount"))::text,'null') || ',"name":' || COALESCE(
  to_json(
    substr(
      max(((fieldstone.text_key_1(t0."name") || substr(t0."name",201)) COLLATE "C")),strpos(
        max(((fieldstone.text_key_1(t0."name") || substr(t0."name",201)) COLLATE "C")),E'\x01'
      ) + 1
    )
  )::text,'null'
) || '},"__typename":"OpportunityAggregate"}}'
FROM "workspace_default"."opportunity" AS t0
WHERE t0."deletedAt" IS NULL;
