WITH t2 AS (
  SELECT count(1) FILTER (WHERE t1."deletedAt" IS NULL AND t1."email" ILIKE (SELECT $1::text)) AS hits
  FROM (
    SELECT t0.*
    FROM "workspace_default"."person" AS t0
    ORDER BY t0."createdAt" DESC,t0."id" DESC
    LIMIT 256
  ) AS t1
)
SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"id":"' || t6.c0::text || '","firstName":' || COALESCE(to_json(t6.c1)::text,'null') ||
      ',"company":' || COALESCE(
      (
        SELECT '{"id":"' || t7."id"::text || '","name":' || COALESCE(to_json(t7."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t7
        WHERE t7."id" = t6.c2 AND t7."deletedAt" IS NULL
      ),'null'
    ) || ',"createdAt":' || left(to_json(timezone('UTC',t6.c3))::text,(-1)) || 'Z"}}',','
  ) FILTER (WHERE t6.number <= 3),''
) || (
  '],"pageInfo":{"hasNextPage":' || (count(*) > 3)::text || ',"endCursor":' || COALESCE(
    min('"' || encode(t6.place,'hex') || md5(t6.place) || '"') FILTER (WHERE t6.number = least(t6.total,3)),
      'null'
  ) || '}}}'
)
FROM (
  SELECT t5.*,row_number() OVER () AS number,'\x086338316538326639020302'::bytea || timestamptz_send(t5.k0) ||
    uuid_send(t5.k1) AS place,count(*) OVER () AS total
  FROM (
    (
      SELECT t0."id" AS c0,t0."firstName" AS c1,t0."companyId" AS c2,t0."createdAt" AS c3,t0."createdAt" AS k0,
        t0."id" AS k1
      FROM "workspace_default"."person" AS t0
      WHERE t0."deletedAt" IS NULL AND t0."email" ILIKE (SELECT $1::text) AND (SELECT t3.hits FROM t2 AS t3)
        >= 3
      ORDER BY t0."createdAt" DESC,t0."id" DESC
      LIMIT 4
    )
    UNION ALL (
      SELECT t0."id" AS c0,t0."firstName" AS c1,t0."companyId" AS c2,t0."createdAt" AS c3,t0."createdAt" AS k0,
        t0."id" AS k1
      FROM (
        SELECT t0.*
        FROM "workspace_default"."person" AS t0
        WHERE t0."deletedAt" IS NULL AND t0."email" ILIKE (SELECT $1::text) AND (SELECT t4.hits FROM t2 AS t4)
          < 3
        OFFSET 0
      ) AS t0
      ORDER BY t0."createdAt" DESC,t0."id" DESC
      LIMIT 4
    )
    ORDER BY k0 DESC,k1 DESC
    LIMIT 4
  ) AS t5
) AS t6;
