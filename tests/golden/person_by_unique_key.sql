SELECT '{"person":' || COALESCE(
  (
    SELECT '{"id":"' || t0."id"::text || '","firstName":' || COALESCE(to_json(t0."firstName")::text,'null') ||
      ',"company":' || COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t1."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t1
        WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL
      ),'null'
    ) || '}'
    FROM "workspace_default"."person" AS t0
    WHERE t0."email" = $1::text AND t0."deletedAt" IS NULL
    LIMIT 1
  ),'null'
) || ',"nobody":' || COALESCE(
  (
    SELECT '{"id":"' || t2."id"::text || '"}'
    FROM "workspace_default"."person" AS t2
    WHERE t2."email" = $2::text AND t2."deletedAt" IS NULL
    LIMIT 1
  ),'null'
) || '}';
