SELECT '{"personDuplicates":[' || COALESCE(
  string_agg(
    (
      SELECT '{"edges":[' || COALESCE(
        string_agg(
          '{"node":{"firstName":' || COALESCE(to_json(t4.c0)::text,'null') || ',"lastName":' || COALESCE(
            to_json(t4.c1)::text,'null'
          ) || ',"email":' || to_json(t4.c2)::text || '}}',','
        ),''
      ) || ']}'
      FROM (
        SELECT t1."firstName" AS c0,t1."lastName" AS c1,t1."email" AS c2
        FROM (
          SELECT t2.*
          FROM "workspace_default"."person" AS t2
          WHERE (
            (fieldstone.text_key_1(t2."firstName") COLLATE "C") >= fieldstone.text_low_1(t0.v1,true) AND (
              fieldstone.text_key_1(t2."firstName") COLLATE "C"
            ) < fieldstone.text_high_1(t0.v1,true) AND fieldstone.text_fold_1(t2."firstName") = fieldstone.text_fold_1(
              t0.v1
            ) AND btrim(fieldstone.text_fold_1(t0.v1)) <> '' AND (
              fieldstone.text_key_1(t2."lastName") COLLATE "C"
            ) >= fieldstone.text_low_1(t0.v2,true) AND (fieldstone.text_key_1(t2."lastName") COLLATE "C") <
              fieldstone.text_high_1(t0.v2,true) AND fieldstone.text_fold_1(t2."lastName") = fieldstone.text_fold_1(
              t0.v2
            ) AND btrim(fieldstone.text_fold_1(t0.v2)) <> '' OR
              (fieldstone.text_key_1(t2."email") COLLATE "C") >= fieldstone.text_low_1(t0.v3,true) AND (
              fieldstone.text_key_1(t2."email") COLLATE "C"
            ) < fieldstone.text_high_1(t0.v3,true) AND fieldstone.text_fold_1(t2."email") = fieldstone.text_fold_1(
              t0.v3
            ) AND btrim(fieldstone.text_fold_1(t0.v3)) <> '' OR t2."id" = ANY(
              ARRAY(
                SELECT t3."id"
                FROM "workspace_default"."person" AS t3
                WHERE fieldstone.text_fold_1(t3."phone") = fieldstone.text_fold_1(t0.v4) AND btrim(
                  fieldstone.text_fold_1(t0.v4)
                ) <> ''
              )
            )
          ) AND t2."id" = t0.v0 IS NOT TRUE AND t2."deletedAt" IS NULL
          OFFSET 0
        ) AS t1
        ORDER BY t1."id"
        LIMIT 60
      ) AS t4
    ),','
    ORDER BY t0.position
  ),''
) || ']}'
FROM ROWS
FROM (json_to_recordset($1::json) AS ("id" uuid,"firstName" text,"lastName" text,"email" text,"phone" text))
WITH ORDINALITY AS t0(v0,v1,v2,v3,v4,position);
