SELECT '{"companies":{"edges":[' || COALESCE(
  string_agg('{"node":{"name":' || COALESCE(to_json(t1.c0)::text,'null') || '}}',','),''
) || ']}}'
FROM (
  SELECT t0."name" AS c0
  FROM "workspace_default"."company" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 3
) AS t1;
