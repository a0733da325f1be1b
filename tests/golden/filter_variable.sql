SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t3
  WHERE t3."deletedAt" IS NULL AND (
    t3."city" = $1::text OR EXISTS (
      SELECT 1
      FROM "workspace_default"."company" AS t4
      WHERE t4."id" = t3."companyId" AND t4."deletedAt" IS NULL AND fieldstone.text_fold_1(t4."name") LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
      )
    )
  )
) || ',"edges":[' || COALESCE(string_agg('{"node":{"email":' || to_json(t2.c0)::text || '}}',','),'') || ']}}'
FROM (
  SELECT t0."email" AS c0
  FROM "workspace_default"."person" AS t0
  WHERE t0."deletedAt" IS NULL AND (
    t0."city" = $1::text OR EXISTS (
      SELECT 1
      FROM "workspace_default"."company" AS t1
      WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL AND fieldstone.text_fold_1(t1."name") LIKE (
        SELECT '%' || regexp_replace(fieldstone.text_fold_1($2::text),'([\\%_])','\\\1','g') || '%'
      )
    )
  )
  ORDER BY t0."id"
  LIMIT 1
) AS t2;
