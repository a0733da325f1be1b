WITH t3 AS (
  SELECT count(*) AS hits
  FROM (
    SELECT 1 AS hit
    FROM (
      SELECT t0."deletedAt" AS c0,t0."email" AS c1
      FROM "workspace_default"."person" AS t0
      ORDER BY t0."createdAt" DESC,t0."id" DESC
      LIMIT 256
    ) AS t1
    WHERE t1.c0 IS NULL AND fieldstone.text_fold_1(t1.c1) LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
    )
    LIMIT 3
  ) AS t2
)
SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"id":"' || t7.c0::text || '","firstName":' || COALESCE(to_json(t7.c1)::text,'null') ||
      ',"company":' || COALESCE(
      (
        SELECT '{"id":"' || t8."id"::text || '","name":' || COALESCE(to_json(t8."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t8
        WHERE t8."id" = t7.c2 AND t8."deletedAt" IS NULL
      ),'null'
    ) || ',"createdAt":' || left(to_json(timezone('UTC',t7.c3))::text,(-1)) || 'Z"}}',','
  ) FILTER (WHERE t7.number <= 3),''
) || (
  '],"pageInfo":{"hasNextPage":' || (count(*) > 3)::text || ',"endCursor":' || COALESCE(
    min('"' || encode(t7.place,'hex') || md5(t7.place) || '"') FILTER (WHERE t7.number = least(t7.total,3)),
      'null'
  ) || '}}}'
)
FROM (
  SELECT t6.*,row_number() OVER () AS number,'\x086338316538326639020302'::bytea || timestamptz_send(t6.k0) ||
    uuid_send(t6.k1) AS place,count(*) OVER () AS total
  FROM (
    (
      SELECT t0."id" AS c0,t0."firstName" AS c1,t0."companyId" AS c2,t0."createdAt" AS c3,t0."createdAt" AS k0,
        t0."id" AS k1
      FROM "workspace_default"."person" AS t0
      WHERE t0."deletedAt" IS NULL AND fieldstone.text_fold_1(t0."email") LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
      ) AND (SELECT t4.hits FROM t3 AS t4) >= 3
      ORDER BY t0."createdAt" DESC,t0."id" DESC
      LIMIT 4
    )
    UNION ALL (
      SELECT t0."id" AS c0,t0."firstName" AS c1,t0."companyId" AS c2,t0."createdAt" AS c3,t0."createdAt" AS k0,
        t0."id" AS k1
      FROM (
        SELECT t0.*
        FROM "workspace_default"."person" AS t0
        WHERE t0."deletedAt" IS NULL AND fieldstone.text_fold_1(t0."email") LIKE (
          SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
        ) AND (SELECT t5.hits FROM t3 AS t5) < 3
        OFFSET 0
      ) AS t0
      ORDER BY t0."createdAt" DESC,t0."id" DESC
      LIMIT 4
    )
    ORDER BY k0 DESC,k1 DESC
    LIMIT 4
  ) AS t6
) AS t7;
