SELECT '{"personDuplicates":[' || COALESCE(
  string_agg(
    (
      SELECT '{"totalCount":' || count(*)::text || ',"edges":[' || COALESCE(
        string_agg(
          '{"node":{"firstName":' || COALESCE(to_json(t5.c0)::text,'null') || ',"lastName":' || COALESCE(
            to_json(t5.c1)::text,'null'
          ) || ',"email":' || to_json(t5.c2)::text || '},"cursor":"' || encode(t5.place,'hex') || md5(
            t5.place
          ) || '"}',','
          ORDER BY t5.number
        ) FILTER (WHERE t5.number <= 60),''
      ) || ('],"pageInfo":{"hasNextPage":' || (count(*) > 60)::text || '}}')
      FROM (
        SELECT t2."firstName" AS c0,t2."lastName" AS c1,t2."email" AS c2,row_number() OVER (ORDER BY t2."id")
          AS number,CASE WHEN row_number() OVER (ORDER BY t2."id") <= 60 THEN '\x0864653766613538360102'::bytea
          || uuid_send(t2."id") END AS place
        FROM (
          SELECT t3.*
          FROM "workspace_default"."person" AS t3
          WHERE (
            (fieldstone.text_key_1(t3."firstName") COLLATE "C") >= fieldstone.text_low_1(t1."firstName",true)
              AND (fieldstone.text_key_1(t3."firstName") COLLATE "C") < fieldstone.text_high_1(
              t1."firstName",true
            ) AND fieldstone.text_fold_1(t3."firstName") = fieldstone.text_fold_1(t1."firstName") AND btrim(
              fieldstone.text_fold_1(t1."firstName")
            ) <> '' AND (fieldstone.text_key_1(t3."lastName") COLLATE "C") >= fieldstone.text_low_1(
              t1."lastName",true
            ) AND (fieldstone.text_key_1(t3."lastName") COLLATE "C") < fieldstone.text_high_1(
              t1."lastName",true
            ) AND fieldstone.text_fold_1(t3."lastName") = fieldstone.text_fold_1(t1."lastName") AND btrim(
              fieldstone.text_fold_1(t1."lastName")
            ) <> '' OR (fieldstone.text_key_1(t3."email") COLLATE "C") >= fieldstone.text_low_1(
              t1."email",true
            ) AND (fieldstone.text_key_1(t3."email") COLLATE "C") < fieldstone.text_high_1(t1."email",true)
              AND fieldstone.text_fold_1(t3."email") = fieldstone.text_fold_1(t1."email") AND btrim(
              fieldstone.text_fold_1(t1."email")
            ) <> '' OR t3."id" = ANY(
              ARRAY(
                SELECT t4."id"
                FROM "workspace_default"."person" AS t4
                WHERE fieldstone.text_fold_1(t4."phone") = fieldstone.text_fold_1(t1."phone") AND btrim(
                  fieldstone.text_fold_1(t1."phone")
                ) <> ''
              )
            )
          ) AND t3."id" = t1."id" IS NOT TRUE AND t3."deletedAt" IS NULL
          OFFSET 0
        ) AS t2
      ) AS t5
    ),','
    ORDER BY t0.position
  ),''
) || ']}'
FROM unnest((SELECT $1::uuid[])::uuid[])
WITH ORDINALITY AS t0(id,position)
LEFT JOIN "workspace_default"."person" AS t1 ON t1."id" = t0.id AND t1."deletedAt" IS NULL;
