SELECT '{"a":{"totalCount":' || count(*)::text || '},"b":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."opportunity" AS t1
  WHERE t1."deletedAt" IS NULL AND array_position(
    ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[],t1."stage"
  ) >= array_position(ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[],$2::text)
) || ',"c":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."opportunity" AS t2
  WHERE t2."deletedAt" IS NULL AND t2."stage" = ANY($3::text[])
) || ',"d":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."opportunity" AS t3
  WHERE t3."deletedAt" IS NULL AND t3."stage" ILIKE (
    SELECT '%' || regexp_replace($4::text,'([\\%_])','\\\1','g') || '%'
  )
) || '}'
FROM "workspace_default"."opportunity" AS t0
WHERE t0."deletedAt" IS NULL AND t0."stage" = $1::text;
