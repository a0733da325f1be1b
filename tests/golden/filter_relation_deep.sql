SELECT '{"activities":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."activity" AS t4
  WHERE t4."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."person" AS t5
    WHERE t5."id" = t4."personId" AND t5."deletedAt" IS NULL AND EXISTS (
      SELECT 1
      FROM "workspace_default"."company" AS t6
      WHERE t6."id" = t5."companyId" AND t6."deletedAt" IS NULL AND (
        fieldstone.text_key_1(t6."name") COLLATE "C"
      ) >= (SELECT fieldstone.text_low_1($1::text,false)) AND (fieldstone.text_key_1(t6."name") COLLATE "C") < (
        SELECT fieldstone.text_high_1($1::text,false)
      ) AND fieldstone.text_fold_1(t6."name") LIKE (
        SELECT regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
      )
    )
  )
) || ',"edges":[' || COALESCE(
  string_agg('{"node":{"title":' || COALESCE(to_json(t3.c0)::text,'null') || '}}',','),''
) || ']}}'
FROM (
  SELECT t0."title" AS c0
  FROM "workspace_default"."activity" AS t0
  WHERE t0."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."person" AS t1
    WHERE t1."id" = t0."personId" AND t1."deletedAt" IS NULL AND EXISTS (
      SELECT 1
      FROM "workspace_default"."company" AS t2
      WHERE t2."id" = t1."companyId" AND t2."deletedAt" IS NULL AND (
        fieldstone.text_key_1(t2."name") COLLATE "C"
      ) >= (SELECT fieldstone.text_low_1($1::text,false)) AND (fieldstone.text_key_1(t2."name") COLLATE "C") < (
        SELECT fieldstone.text_high_1($1::text,false)
      ) AND fieldstone.text_fold_1(t2."name") LIKE (
        SELECT regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
      )
    )
  )
  ORDER BY (fieldstone.text_key_1(t0."title") COLLATE "C"),t0."id"
  LIMIT 2
) AS t3;
