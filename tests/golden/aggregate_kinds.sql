SELECT '{"opportunitiesAggregate":{"count":' || count(*)::text || ',"countDistinct":{"stage":' || count(
  DISTINCT t0."stage"
)::text || ',"companyId":' || count(DISTINCT t0."companyId")::text || '},"countEmpty":{"name":' || count(*)
  FILTER (WHERE COALESCE(t0."name",'') = '')::text || '},"countNotEmpty":{"amount":' || count(*) FILTER (
  WHERE NOT t0."amount" IS NULL
)::text || '},"percentNotEmpty":{"closeDate":' || COALESCE(
  to_json(trim_scale((100.0 * count(*) FILTER (WHERE NOT t0."closeDate" IS NULL)) / NULLIF(count(*),0)))::text,
    'null'
) || ',"createdBy":{"name":' || COALESCE(
  to_json(
    trim_scale(
      (100.0 * count(*) FILTER (WHERE NOT COALESCE(t0."createdByName",'') = '')) / NULLIF(count(*),0)
    )
  )::text,'null'
) || '}},"stddev":{"amount":' || COALESCE(to_json(trim_scale(sqrt(var_samp(t0."amount"))))::text,'null') ||
  '},"variance":{"amount":' || COALESCE(to_json(trim_scale(var_samp(t0."amount")))::text,'null') ||
  '},"median":{"amount":' || COALESCE(
  to_json(
    trim_scale(
      (
        percentile_disc(0.5) WITHIN
        GROUP (ORDER BY t0."amount") + percentile_disc(0.5) WITHIN
        GROUP (ORDER BY t0."amount" DESC)
      ) * 0.5
    )
  )::text,'null'
) || ',"closeDate":' || COALESCE(
  to_json(percentile_disc(0.5) WITHIN GROUP (ORDER BY t0."closeDate"))::text,'null'
) || ',"createdAt":' || COALESCE(
  left(to_json(timezone('UTC',percentile_disc(0.5) WITHIN GROUP (ORDER BY t0."createdAt")))::text,(-1)) ||
    'Z"','null'
) || '},"min":{"stage":' || COALESCE(
  to_json(
    (ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[])[
      min(array_position(ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[],t0."stage"))
    ]
  )::text,'null'
) || '},"max":{"stage":' || COALESCE(
  to_json(
    (ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[])[
      max(array_position(ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[],t0."stage"))
    ]
  )::text,'null'
) || '}}}'
FROM "workspace_default"."opportunity" AS t0
WHERE t0."deletedAt" IS NULL;
