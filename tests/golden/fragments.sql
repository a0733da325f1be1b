SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"firstName":' || COALESCE(to_json(t1.c0)::text,'null') || ',"__typename":"Person","company":' ||
      COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t2."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t2
        WHERE t2."id" = t1.c1 AND t2."deletedAt" IS NULL
      ),'null'
    ) || ',"lastName":' || COALESCE(to_json(t1.c2)::text,'null') || '}}',','
  ),''
) || (
  '],"totalCount":' || (
    SELECT count(*)::text
    FROM "workspace_default"."person" AS t3
    WHERE t3."deletedAt" IS NULL
  ) || '}}'
)
FROM (
  SELECT t0."firstName" AS c0,t0."companyId" AS c1,t0."lastName" AS c2
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 1
) AS t1;
