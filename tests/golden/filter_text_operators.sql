WITH unread AS (
  SELECT $1::text,$2::text,$3::text,$4::text,$5::text,$6::text,$7::text,$8::text[],$9::text[],$10::text
)
SELECT '{"a":{"totalCount":' || count(*)::text || '},"b":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t1
  WHERE t1."deletedAt" IS NULL AND t1."lastName" ILIKE $2::text
) || ',"c":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t2
  WHERE t2."deletedAt" IS NULL AND t2."lastName" ILIKE $3::text
) || ',"d":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t3
  WHERE t3."deletedAt" IS NULL AND t3."lastName" ILIKE $4::text AND t3."lastName" ILIKE $5::text
) || ',"e":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t4
  WHERE t4."deletedAt" IS NULL AND t4."lastName" > $6::text AND t4."lastName" <= $7::text
) || ',"f":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t5
  WHERE t5."deletedAt" IS NULL AND t5."lastName" = ANY($8::text[])
) || ',"g":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t6
  WHERE t6."deletedAt" IS NULL AND t6."lastName" <> ALL($9::text[])
) || ',"h":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t7
  WHERE t7."deletedAt" IS NULL AND t7."lastName" <> $10::text
) || '}'
FROM "workspace_default"."person" AS t0
WHERE t0."deletedAt" IS NULL AND t0."lastName" LIKE $1::text;
