SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1":' || COALESCE(
      to_json(t1.c0)::text,'null'
    ) || ',"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2":' || COALESCE(
      to_json(t1.c1)::text,'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."firstName" AS c0,t0."lastName" AS c1
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 1
) AS t1;
