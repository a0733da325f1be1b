SELECT '{"people":{"edges":[' || COALESCE(string_agg('{"node":{"id":"' || t1.c0::text || '"}}',','),'') || (
  ']},"companies":' || (
    SELECT '{"totalCount":' || count(*)::text || '}'
    FROM "workspace_default"."company" AS t2
    WHERE t2."deletedAt" IS NULL
  ) || ',"opportunitiesAggregate":' || (
    SELECT '{"count":' || count(*)::text || '}'
    FROM "workspace_default"."opportunity" AS t3
    WHERE t3."deletedAt" IS NULL
  ) || ',"person":' || COALESCE(
    (
      SELECT '{"email":' || to_json(t4."email")::text || '}'
      FROM "workspace_default"."person" AS t4
      WHERE t4."id" = $1::uuid AND t4."deletedAt" IS NULL
      LIMIT 1
    ),'null'
  ) || ',"__typename":"Query"}'
)
FROM (
  SELECT t0."id" AS c0
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 1
) AS t1;
