WITH t3 AS (
  SELECT count(*) AS hits
  FROM (
    SELECT 1 AS hit
    FROM (
      SELECT t0."firstName" AS c0,t0."deletedAt" AS c1
      FROM "workspace_default"."person" AS t0
      ORDER BY t0."id"
      LIMIT 256
    ) AS t1
    WHERE (fieldstone.text_key_1(t1.c0) COLLATE "C") >= (SELECT fieldstone.text_low_1($1::text,false)) AND (
      fieldstone.text_key_1(t1.c0) COLLATE "C"
    ) < (SELECT fieldstone.text_high_1($1::text,false)) AND fieldstone.text_fold_1(t1.c0) LIKE (
      SELECT regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
    ) AND t1.c1 IS NULL
    LIMIT 3
  ) AS t2
)
SELECT '{"person":' || COALESCE(
  (
    SELECT '{"firstName":' || COALESCE(to_json(t6.c0)::text,'null') || ',"lastName":' || COALESCE(
      to_json(t6.c1)::text,'null'
    ) || '}'
    FROM (
      (
        SELECT t0."firstName" AS c0,t0."lastName" AS c1,t0."id" AS k0
        FROM "workspace_default"."person" AS t0
        WHERE (fieldstone.text_key_1(t0."firstName") COLLATE "C") >= (
          SELECT fieldstone.text_low_1($1::text,false)
        ) AND (fieldstone.text_key_1(t0."firstName") COLLATE "C") < (
          SELECT fieldstone.text_high_1($1::text,false)
        ) AND fieldstone.text_fold_1(t0."firstName") LIKE (
          SELECT regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
        ) AND t0."deletedAt" IS NULL AND (SELECT t4.hits FROM t3 AS t4) >= 3
        ORDER BY t0."id"
        LIMIT 1
      )
      UNION ALL (
        SELECT t0."firstName" AS c0,t0."lastName" AS c1,t0."id" AS k0
        FROM (
          SELECT t0.*
          FROM "workspace_default"."person" AS t0
          WHERE (fieldstone.text_key_1(t0."firstName") COLLATE "C") >= (
            SELECT fieldstone.text_low_1($1::text,false)
          ) AND (fieldstone.text_key_1(t0."firstName") COLLATE "C") < (
            SELECT fieldstone.text_high_1($1::text,false)
          ) AND fieldstone.text_fold_1(t0."firstName") LIKE (
            SELECT regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
          ) AND t0."deletedAt" IS NULL AND (SELECT t5.hits FROM t3 AS t5) < 3
          OFFSET 0
        ) AS t0
        ORDER BY t0."id"
        LIMIT 1
      )
      ORDER BY k0
      LIMIT 1
    ) AS t6
  ),'null'
) || '}';
