SELECT '{"companies":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"id":"' || t1.c0::text || '","name":' || COALESCE(to_json(t1.c1)::text,'null') ||
      ',"employees":' || COALESCE(t1.c2::text,'null') || '}}',','
  ),''
) || ']}}'
FROM (
  (
    SELECT t0."id" AS c0,t0."name" AS c1,t0."employees" AS c2,(fieldstone.text_key_1(t0."name") COLLATE "C")
      AS k1
    FROM "workspace_default"."company" AS t0
    WHERE t0."deletedAt" IS NULL AND t0."employees" IS NULL
    ORDER BY t0."employees",(fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
    LIMIT 3
  )
  UNION ALL (
    SELECT t0."id" AS c0,t0."name" AS c1,t0."employees" AS c2,(fieldstone.text_key_1(t0."name") COLLATE "C")
      AS k1
    FROM "workspace_default"."company" AS t0
    WHERE t0."deletedAt" IS NULL AND t0."employees" IS NOT NULL
    ORDER BY t0."employees" DESC,(fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
    LIMIT 3
  )
  ORDER BY c2 DESC,k1,c0
  LIMIT 3
) AS t1;
