SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"createdBy":{"source":' || COALESCE(to_json(t1.c0)::text,'null') || ',"name":' || COALESCE(
      to_json(t1.c1)::text,'null'
    ) || '}}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."createdBySource" AS c0,t0."createdByName" AS c1
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY (fieldstone.text_key_1(t0."createdByName") COLLATE "C"),t0."id"
  LIMIT 2
) AS t1;
