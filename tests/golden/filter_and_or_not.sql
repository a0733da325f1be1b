WITH t2 AS (
  SELECT count(1) FILTER (
    WHERE t1."deletedAt" IS NULL AND t1."email" IS NOT NULL AND (
      t1."jobTitle" ILIKE (SELECT $1::text) OR t1."jobTitle" ILIKE (SELECT $2::text)
    ) AND NOT t1."city" = $3::text AND t1."createdAt" >= $4::timestamptz
  ) AS hits
  FROM (SELECT t0.* FROM "workspace_default"."person" AS t0 ORDER BY t0."id" LIMIT 256) AS t1
)
SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t6
  WHERE t6."deletedAt" IS NULL AND t6."email" IS NOT NULL AND (
    t6."jobTitle" ILIKE $1::text OR t6."jobTitle" ILIKE $2::text
  ) AND NOT t6."city" = $3::text AND t6."createdAt" >= $4::timestamptz
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"jobTitle":' || COALESCE(to_json(t5.c0)::text,'null') || ',"city":' || COALESCE(
      to_json(t5.c1)::text,'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  (
    SELECT t0."jobTitle" AS c0,t0."city" AS c1,t0."id" AS k0
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL AND t0."email" IS NOT NULL AND (
      t0."jobTitle" ILIKE (SELECT $1::text) OR t0."jobTitle" ILIKE (SELECT $2::text)
    ) AND NOT t0."city" = $3::text AND t0."createdAt" >= $4::timestamptz AND (SELECT t3.hits FROM t2 AS t3) >=
      3
    ORDER BY t0."id"
    LIMIT 4
  )
  UNION ALL (
    SELECT t0."jobTitle" AS c0,t0."city" AS c1,t0."id" AS k0
    FROM (
      SELECT t0.*
      FROM "workspace_default"."person" AS t0
      WHERE t0."deletedAt" IS NULL AND t0."email" IS NOT NULL AND (
        t0."jobTitle" ILIKE (SELECT $1::text) OR t0."jobTitle" ILIKE (SELECT $2::text)
      ) AND NOT t0."city" = $3::text AND t0."createdAt" >= $4::timestamptz AND (SELECT t4.hits FROM t2 AS t4)
        < 3
      OFFSET 0
    ) AS t0
    ORDER BY t0."id"
    LIMIT 4
  )
  ORDER BY k0
  LIMIT 4
) AS t5;
