SELECT '{"people":{"edges":[' || COALESCE(
  string_agg('{"node":{"city":' || COALESCE(to_json(t2.c0)::text,'null') || '}}',',' ORDER BY t2.number DESC)
    FILTER (WHERE t2.number <= 2),''
) || ('],"pageInfo":{"hasNextPage":false,"hasPreviousPage":' || (count(*) > 2)::text || '}}}')
FROM (
  SELECT t1.*,row_number() OVER () AS number
  FROM (
    SELECT t0."city" AS c0
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL
    ORDER BY (fieldstone.text_key_1(t0."city") COLLATE "C") DESC,t0."id" DESC
    LIMIT 3
  ) AS t1
) AS t2;
