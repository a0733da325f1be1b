SELECT '{"a":{"totalCount":' || count(*)::text || '},"b":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t2
  WHERE t2."deletedAt" IS NULL AND NOT EXISTS (
    SELECT 1
    FROM "workspace_default"."company" AS t3
    WHERE t3."id" = t2."companyId" AND t3."deletedAt" IS NULL
  )
) || ',"c":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t4
  WHERE t4."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."company" AS t5
    WHERE t5."id" = t4."companyId" AND t5."deletedAt" IS NULL
  )
) || '}'
FROM "workspace_default"."person" AS t0
WHERE t0."deletedAt" IS NULL AND NOT (
  SELECT fieldstone.text_fold_1(t1."name") LIKE (
    SELECT '%' || regexp_replace(fieldstone.text_fold_1($1::text),'([\\%_])','\\\1','g') || '%'
  )
  FROM "workspace_default"."company" AS t1
  WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL
);
