SELECT '{"person":' || COALESCE(
  (
    SELECT '{"id":"' || t0."id"::text || '"}'
    FROM "workspace_default"."person" AS t0
    WHERE t0."id" = $1::uuid AND t0."deletedAt" IS NULL
    LIMIT 1
  ),'null'
) || '}';
