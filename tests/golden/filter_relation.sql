SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t4
  WHERE t4."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."company" AS t5
    WHERE t5."id" = t4."companyId" AND t5."deletedAt" IS NULL AND fieldstone.text_fold_1(t5."name") LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
    ) AND t5."employees" > $2::integer
  )
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"email":' || to_json(t2.c0)::text || ',"company":' || COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t3."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t3
        WHERE t3."id" = t2.c1 AND t3."deletedAt" IS NULL
      ),'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."email" AS c0,t0."companyId" AS c1
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."company" AS t1
    WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL AND fieldstone.text_fold_1(t1."name") LIKE (
      SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
    ) AND t1."employees" > $2::integer
  )
  ORDER BY (fieldstone.text_key_1(t0."email") COLLATE "C"),t0."id"
  LIMIT 2
) AS t2;
