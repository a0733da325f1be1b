WITH t2 AS (
  SELECT t1.c0,t1.c1,t1.k0
  FROM (
    SELECT t0."firstName" AS c0,t0."lastName" AS c1,t0."id" AS k0,t0."deletedAt" AS s1
    FROM "workspace_default"."person" AS t0
    ORDER BY t0."id"
    LIMIT 256
  ) AS t1
  WHERE (fieldstone.text_key_1(t1.c0) COLLATE "C") >= (SELECT fieldstone.text_low_1($1::text,false)) AND (
    fieldstone.text_key_1(t1.c0) COLLATE "C"
  ) < (SELECT fieldstone.text_high_1($1::text,false)) AND fieldstone.text_fold_1(t1.c0) LIKE (
    SELECT regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
  ) AND t1.s1 IS NULL
  LIMIT 1
)
,t4 AS (SELECT count(*) AS hits FROM t2 AS t3)
SELECT '{"person":' || COALESCE(
  (
    SELECT '{"firstName":' || COALESCE(to_json(t9.c0)::text,'null') || ',"lastName":' || COALESCE(
      to_json(t9.c1)::text,'null'
    ) || '}'
    FROM (
      (SELECT t5.c0,t5.c1,t5.k0 FROM t2 AS t5)
      UNION ALL (
        SELECT t7.c0,t7.c1,t7.k0
        FROM (
          SELECT t0."firstName" AS c0,t0."lastName" AS c1,t0."id" AS k0
          FROM "workspace_default"."person" AS t0
          WHERE (fieldstone.text_key_1(t0."firstName") COLLATE "C") >= (
            SELECT fieldstone.text_low_1($1::text,false)
          ) AND (fieldstone.text_key_1(t0."firstName") COLLATE "C") < (
            SELECT fieldstone.text_high_1($1::text,false)
          ) AND fieldstone.text_fold_1(t0."firstName") LIKE (
            SELECT regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
          ) AND t0."deletedAt" IS NULL AND (SELECT t6.hits < 1 FROM t4 AS t6)
          OFFSET 0
        ) AS t7
        ORDER BY k0
        LIMIT 1
        OFFSET (SELECT t8.hits FROM t4 AS t8)
      )
      LIMIT 1
    ) AS t9
  ),'null'
) || '}';
