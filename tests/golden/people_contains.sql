WITH t2 AS (
  SELECT t1.c0,t1.c1,t1.c2,t1.c3
  FROM (
    SELECT t0."id" AS c0,t0."firstName" AS c1,t0."companyId" AS c2,t0."createdAt" AS c3,t0."deletedAt" AS s0,
      t0."email" AS s1
    FROM "workspace_default"."person" AS t0
    ORDER BY t0."createdAt" DESC,t0."id" DESC
    LIMIT 256
  ) AS t1
  WHERE t1.s0 IS NULL AND fieldstone.text_fold_1(t1.s1) LIKE (
    SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
  )
  LIMIT 4
)
,t4 AS (SELECT count(*) AS hits FROM t2 AS t3)
SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"id":"' || t12.c0::text || '","firstName":' || COALESCE(to_json(t12.c1)::text,'null') ||
      ',"company":' || COALESCE(
      (
        SELECT '{"id":"' || t13."id"::text || '","name":' || COALESCE(to_json(t13."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t13
        WHERE t13."id" = t12.c2 AND t13."deletedAt" IS NULL
      ),'null'
    ) || ',"createdAt":' || left(to_json(timezone('UTC',t12.c3))::text,(-1)) || 'Z"}}',','
  ) FILTER (WHERE t12.number <= 3),''
) || (
  '],"pageInfo":{"hasNextPage":' || (count(*) > 3)::text || ',"endCursor":' || COALESCE(
    min('"' || encode(t12.place,'hex') || md5(t12.place) || '"') FILTER
      (WHERE t12.number = least(t12.total,3)),'null'
  ) || '}}}'
)
FROM (
  SELECT t11.*,row_number() OVER () AS number,'\x086338316538326639020302'::bytea || timestamptz_send(t11.c3)
    || uuid_send(t11.c0) AS place,count(*) OVER () AS total
  FROM (
    (SELECT t5.c0,t5.c1,t5.c2,t5.c3 FROM t2 AS t5)
    UNION ALL (
      SELECT t6.c0,t6.c1,t6.c2,t6.c3
      FROM (
        SELECT t0."id" AS c0,t0."firstName" AS c1,t0."companyId" AS c2,t0."createdAt" AS c3,t0."deletedAt" AS
          s0,t0."email" AS s1
        FROM "workspace_default"."person" AS t0
        ORDER BY t0."createdAt" DESC,t0."id" DESC
        OFFSET 256
      ) AS t6
      WHERE t6.s0 IS NULL AND fieldstone.text_fold_1(t6.s1) LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
      ) AND (SELECT t7.hits >= 3 FROM t4 AS t7)
      LIMIT 4
    )
    UNION ALL (
      SELECT t9.c0,t9.c1,t9.c2,t9.c3
      FROM (
        SELECT t0."id" AS c0,t0."firstName" AS c1,t0."companyId" AS c2,t0."createdAt" AS c3
        FROM "workspace_default"."person" AS t0
        WHERE t0."deletedAt" IS NULL AND fieldstone.text_fold_1(t0."email") LIKE (
          SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
        ) AND (SELECT t8.hits < 3 FROM t4 AS t8)
        OFFSET 0
      ) AS t9
      ORDER BY c3 DESC,c0 DESC
      LIMIT 4
      OFFSET (SELECT t10.hits FROM t4 AS t10)
    )
    LIMIT 4
  ) AS t11
) AS t12;
