WITH t3 AS (
  SELECT count(*) AS hits
  FROM (
    SELECT 1 AS hit
    FROM (
      SELECT t0."deletedAt" AS c0,t0."email" AS c1,t0."jobTitle" AS c2,t0."city" AS c3,t0."createdAt" AS c4
      FROM "workspace_default"."person" AS t0
      ORDER BY t0."id"
      LIMIT 256
    ) AS t1
    WHERE t1.c0 IS NULL AND t1.c1 IS NOT NULL AND (
      fieldstone.text_fold_1(t1.c2) LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
      ) OR fieldstone.text_fold_1(t1.c2) LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
      )
    ) AND NOT t1.c3 = $3::text AND t1.c4 >= $4::timestamptz
    LIMIT 3
  ) AS t2
)
SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t7
  WHERE t7."deletedAt" IS NULL AND t7."email" IS NOT NULL AND (
    fieldstone.text_fold_1(t7."jobTitle") LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
    ) OR fieldstone.text_fold_1(t7."jobTitle") LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
    )
  ) AND NOT t7."city" = $3::text AND t7."createdAt" >= $4::timestamptz
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"jobTitle":' || COALESCE(to_json(t6.c0)::text,'null') || ',"city":' || COALESCE(
      to_json(t6.c1)::text,'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  (
    SELECT t0."jobTitle" AS c0,t0."city" AS c1,t0."id" AS k0
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL AND t0."email" IS NOT NULL AND (
      fieldstone.text_fold_1(t0."jobTitle") LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
      ) OR fieldstone.text_fold_1(t0."jobTitle") LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
      )
    ) AND NOT t0."city" = $3::text AND t0."createdAt" >= $4::timestamptz AND (SELECT t4.hits FROM t3 AS t4) >=
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
        fieldstone.text_fold_1(t0."jobTitle") LIKE (
          SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
        ) OR fieldstone.text_fold_1(t0."jobTitle") LIKE (
          SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
        )
      ) AND NOT t0."city" = $3::text AND t0."createdAt" >= $4::timestamptz AND (SELECT t5.hits FROM t3 AS t5)
        < 3
      OFFSET 0
    ) AS t0
    ORDER BY t0."id"
    LIMIT 4
  )
  ORDER BY k0
  LIMIT 4
) AS t6;
