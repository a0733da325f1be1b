SELECT '{"opportunities":{"totalCount":' || count(*)::text || ',"sumAmount":' || COALESCE(
  to_json(trim_scale(sum(t0."amount")))::text,'null'
) || ',"avgAmount":' || COALESCE(to_json(trim_scale(avg(t0."amount")))::text,'null') || ',"minAmount":' ||
  COALESCE(to_json(min(t0."amount"))::text,'null') || ',"maxCloseDate":' || COALESCE(
  to_json(max(t0."closeDate"))::text,'null'
) || ',"countEmptyName":' || count(*) FILTER (WHERE COALESCE(t0."name",'') = '')::text ||
  ',"countNotEmptyCreatedBy":' || count(*) FILTER (
  WHERE NOT (
    COALESCE(t0."createdBySource",'') = '' AND t0."createdByWorkspaceMemberId" IS NULL AND COALESCE(
      t0."createdByName",''
    ) = ''
  )
)::text || ',"countUniqueValuesStage":' || count(DISTINCT t0."stage")::text || ',"percentageEmptyAmount":' ||
  COALESCE(
  to_json(trim_scale((100.0 * count(*) FILTER (WHERE t0."amount" IS NULL)) / NULLIF(count(*),0)))::text,'null'
) || ',"percentageNotEmptyAmount":' || COALESCE(
  to_json(trim_scale((100.0 * count(*) FILTER (WHERE NOT t0."amount" IS NULL)) / NULLIF(count(*),0)))::text,
    'null'
) || '}}'
FROM "workspace_default"."opportunity" AS t0
WHERE t0."deletedAt" IS NULL;
