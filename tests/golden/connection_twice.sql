SELECT concat(
  '{"people":{"__typename":"PersonConnection","a":[',COALESCE(
    string_agg('{"__typename":"PersonEdge","node":{"id":"' || t2.c0::text || '"}}',',') FILTER (
      WHERE t2.number <= 2
    ),''
  ),'],"b":[',COALESCE(
    string_agg('{"node":{"email":' || to_json(t2.c1)::text || '}}',',') FILTER (WHERE t2.number <= 2),''
  ),'],"totalCount":',(
    SELECT count(*)::text
    FROM "workspace_default"."person" AS t3
    WHERE t3."deletedAt" IS NULL
  ),',"pageInfo":{"__typename":"PageInfo","more":',(count(*) > 2)::text,'}}}'
)
FROM (
  SELECT t1.*,row_number() OVER () AS number
  FROM (
    SELECT t0."id" AS c0,t0."email" AS c1
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL
    ORDER BY t0."id"
    LIMIT 3
  ) AS t1
) AS t2;
