SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t2
  WHERE t2."deletedAt" IS NULL
) || ',"edges":[],"pageInfo":{"hasNextPage":' || (count(*) > 0)::text ||
  ',"startCursor":null,"endCursor":null}}}'
FROM (
  SELECT 1 AS c0
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 1
) AS t1;
