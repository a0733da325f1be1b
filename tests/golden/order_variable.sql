SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"city":' || COALESCE(to_json(t1.c0)::text,'null') || ',"email":' || to_json(t1.c1)::text || '}}',
      ','
  ),''
) || ']}}'
FROM (
  (
    SELECT t0."city" AS c0,t0."email" AS c1,t0."city" AS k0,t0."email" AS k1,t0."id" AS k2
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL AND t0."city" IS NULL
    ORDER BY t0."city" DESC,t0."email" DESC,t0."id" DESC
    LIMIT 2
  )
  UNION ALL (
    SELECT t0."city" AS c0,t0."email" AS c1,t0."city" AS k0,t0."email" AS k1,t0."id" AS k2
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL AND t0."city" IS NOT NULL
    ORDER BY t0."city",t0."email" DESC,t0."id" DESC
    LIMIT 2
  )
  ORDER BY k0 NULLS FIRST,k1 DESC,k2 DESC
  LIMIT 2
) AS t1;
