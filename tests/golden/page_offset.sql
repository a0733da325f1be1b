SELECT '{"people":{"edges":[' || COALESCE(
  string_agg('{"node":{"email":' || to_json(t2.c0)::text || '}}',',') FILTER (WHERE t2.number <= 2),''
) || (
  '],"pageInfo":{"hasPreviousPage":' || (count(*) > 0 AND $1::bigint > 0)::text || ',"hasNextPage":' || (
    count(*) > 2
  )::text || '}}}'
)
FROM (
  SELECT t1.*,row_number() OVER () AS number
  FROM (
    SELECT t0."email" AS c0
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL
    ORDER BY (fieldstone.text_key_1(t0."email") COLLATE "C"),t0."id"
    LIMIT 3
    OFFSET $1::bigint
  ) AS t1
) AS t2;
