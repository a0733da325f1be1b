SELECT '{"activities":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."activity" AS t4
  WHERE t4."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."person" AS t5
    WHERE t5."id" = t4."personId" AND t5."deletedAt" IS NULL AND EXISTS (
      SELECT 1
      FROM "workspace_default"."company" AS t6
      WHERE t6."id" = t5."companyId" AND t6."deletedAt" IS NULL AND t6."name" ILIKE $1::text
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
      WHERE t2."id" = t1."companyId" AND t2."deletedAt" IS NULL AND t2."name" ILIKE $1::text
    )
  )
  ORDER BY t0."title",t0."id"
  LIMIT 2
) AS t3;
