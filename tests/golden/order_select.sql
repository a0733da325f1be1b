SELECT '{"opportunities":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"stage":' || COALESCE(to_json(t1.c0)::text,'null') || ',"amount":' || COALESCE(
      to_json(t1.c1)::text,'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."stage" AS c0,t0."amount" AS c1
  FROM "workspace_default"."opportunity" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY array_position(ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[],t0."stage") DESC
    NULLS LAST,t0."amount" DESC,t0."id" DESC
  LIMIT 3
) AS t1;
