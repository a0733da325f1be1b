SELECT concat(
  '{"a":{"edges":[',COALESCE(
    string_agg('{"node":{"employees":' || COALESCE(t1.c0::text,'null') || '}}',','),''
  ),']},"b":',(
    SELECT '{"edges":[' || COALESCE(
      string_agg('{"node":{"employees":' || COALESCE(t3.c0::text,'null') || '}}',','),''
    ) || ']}'
    FROM (
      (
        SELECT t2."employees" AS c0,t2."id" AS k1
        FROM "workspace_default"."company" AS t2
        WHERE t2."deletedAt" IS NULL AND t2."employees" IS NULL
        ORDER BY t2."employees" DESC,t2."id" DESC
        LIMIT 2
      )
      UNION ALL (
        SELECT t2."employees" AS c0,t2."id" AS k1
        FROM "workspace_default"."company" AS t2
        WHERE t2."deletedAt" IS NULL AND t2."employees" IS NOT NULL
        ORDER BY t2."employees" DESC,t2."id" DESC
        LIMIT 2
      )
      ORDER BY c0 DESC NULLS LAST,k1 DESC
      LIMIT 2
    ) AS t3
  ),'}'
)
FROM (
  (
    SELECT t0."employees" AS c0,t0."id" AS k1
    FROM "workspace_default"."company" AS t0
    WHERE t0."deletedAt" IS NULL AND t0."employees" IS NULL
    ORDER BY t0."employees",t0."id"
    LIMIT 2
  )
  UNION ALL (
    SELECT t0."employees" AS c0,t0."id" AS k1
    FROM "workspace_default"."company" AS t0
    WHERE t0."deletedAt" IS NULL AND t0."employees" IS NOT NULL
    ORDER BY t0."employees",t0."id"
    LIMIT 2
  )
  ORDER BY c0 NULLS FIRST,k1
  LIMIT 2
) AS t1;
