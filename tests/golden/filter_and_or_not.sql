WITH t2 AS (
  SELECT t1.c0,t1.c1,t1.k0
  FROM (
    SELECT t0."jobTitle" AS c0,t0."city" AS c1,t0."id" AS k0,t0."deletedAt" AS s0,t0."email" AS s1,t0."createdAt"
      AS s4
    FROM "workspace_default"."person" AS t0
    ORDER BY t0."id"
    LIMIT 256
  ) AS t1
  WHERE t1.s0 IS NULL AND t1.s1 IS NOT NULL AND (
    fieldstone.text_fold_1(t1.c0) LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
    ) OR fieldstone.text_fold_1(t1.c0) LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
    )
  ) AND NOT t1.c1 = $3::text AND t1.s4 >= $4::timestamptz
  LIMIT 4
)
,t4 AS (SELECT count(*) AS hits FROM t2 AS t3)
SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t12
  WHERE t12."deletedAt" IS NULL AND t12."email" IS NOT NULL AND (
    fieldstone.text_fold_1(t12."jobTitle") LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
    ) OR fieldstone.text_fold_1(t12."jobTitle") LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
    )
  ) AND NOT t12."city" = $3::text AND t12."createdAt" >= $4::timestamptz
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"jobTitle":' || COALESCE(to_json(t11.c0)::text,'null') || ',"city":' || COALESCE(
      to_json(t11.c1)::text,'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  (SELECT t5.c0,t5.c1,t5.k0 FROM t2 AS t5)
  UNION ALL (
    SELECT t6.c0,t6.c1,t6.k0
    FROM (
      SELECT t0."jobTitle" AS c0,t0."city" AS c1,t0."id" AS k0,t0."deletedAt" AS s0,t0."email" AS s1,t0."createdAt"
        AS s4
      FROM "workspace_default"."person" AS t0
      ORDER BY t0."id"
      OFFSET 256
    ) AS t6
    WHERE t6.s0 IS NULL AND t6.s1 IS NOT NULL AND (
      fieldstone.text_fold_1(t6.c0) LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
      ) OR fieldstone.text_fold_1(t6.c0) LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
      )
    ) AND NOT t6.c1 = $3::text AND t6.s4 >= $4::timestamptz AND (SELECT t7.hits >= 3 FROM t4 AS t7)
    LIMIT 4
  )
  UNION ALL (
    SELECT t9.c0,t9.c1,t9.k0
    FROM (
      SELECT t0."jobTitle" AS c0,t0."city" AS c1,t0."id" AS k0
      FROM "workspace_default"."person" AS t0
      WHERE t0."deletedAt" IS NULL AND t0."email" IS NOT NULL AND (
        fieldstone.text_fold_1(t0."jobTitle") LIKE (
          SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
        ) OR fieldstone.text_fold_1(t0."jobTitle") LIKE (
          SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
        )
      ) AND NOT t0."city" = $3::text AND t0."createdAt" >= $4::timestamptz AND (
        SELECT t8.hits < 3
        FROM t4 AS t8
      )
      OFFSET 0
    ) AS t9
    ORDER BY k0
    LIMIT 4
    OFFSET (SELECT t10.hits FROM t4 AS t10)
  )
  LIMIT 4
) AS t11;
