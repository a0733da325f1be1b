SELECT '{"opportunities":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."opportunity" AS t2
  WHERE t2."deletedAt" IS NULL AND t2."closeDate" >= $1::date AND t2."closeDate" <= $2::date
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"name":' || COALESCE(to_json(t1.c0)::text,'null') || ',"closeDate":' || COALESCE(
      to_json(t1.c1)::text,'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."name" AS c0,t0."closeDate" AS c1
  FROM "workspace_default"."opportunity" AS t0
  WHERE t0."deletedAt" IS NULL AND t0."closeDate" >= $1::date AND t0."closeDate" <= $2::date
  ORDER BY t0."closeDate",(fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
  LIMIT 2
) AS t1;
