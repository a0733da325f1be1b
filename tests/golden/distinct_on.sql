SELECT '{"people":{"totalCount":' || count(*)::text || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"jobTitle":' || COALESCE(to_json(t4.c0)::text,'null') || ',"company":' || COALESCE(
      (
        SELECT '{"employees":' || COALESCE(t5."employees"::text,'null') || '}'
        FROM "workspace_default"."company" AS t5
        WHERE t5."id" = t4.c1 AND t5."deletedAt" IS NULL
      ),'null'
    ) || '}}',','
    ORDER BY t4.number
  ) FILTER (WHERE t4.number <= 2),''
) || ']}}'
FROM (
  SELECT t0."jobTitle" AS c0,t0."companyId" AS c1,row_number() OVER (
    ORDER BY (fieldstone.text_key_1(t0."jobTitle") COLLATE "C") DESC NULLS LAST,t1."employees" DESC,t0."id"
      DESC
  ) AS number
  FROM (
    SELECT DISTINCT ON(t2."jobTitle") t2.*
    FROM "workspace_default"."person" AS t2
    LEFT JOIN "workspace_default"."company" AS t3 ON t3."id" = t2."companyId" AND t3."deletedAt" IS NULL
    WHERE t2."deletedAt" IS NULL
    ORDER BY t2."jobTitle",t3."employees" DESC,t2."id" DESC
  ) AS t0
  LEFT JOIN "workspace_default"."company" AS t1 ON t1."id" = t0."companyId" AND t1."deletedAt" IS NULL
) AS t4;
