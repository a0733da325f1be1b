SELECT '{"companies":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"name":' || COALESCE(to_json(t1.c0)::text,'null') || ',"people":' || (
      SELECT '{"totalCount":' || count(*)::text || ',"edges":[' || COALESCE(
        string_agg(
          '{"node":{"firstName":' || COALESCE(to_json(t4.c0)::text,'null') || '}}',','
          ORDER BY t4.number
        ) FILTER (WHERE t4.number <= 2),''
      ) || ']}'
      FROM (
        SELECT t2."firstName" AS c0,row_number() OVER (ORDER BY t2."id") AS number
        FROM "workspace_default"."person" AS t2
        WHERE t2."companyId" = t1.c1 AND t2."deletedAt" IS NULL AND EXISTS (
          SELECT 1
          FROM "workspace_default"."activity" AS t3
          WHERE t3."personId" = t2."id" AND t3."deletedAt" IS NULL AND t3."type" = ANY($1::text[])
        )
      ) AS t4
    ) || '}}',','
  ),''
) || (
  ']},"companiesAggregate":' || (
    SELECT '{"count":' || count(*)::text || '}'
    FROM "workspace_default"."company" AS t5
    WHERE t5."deletedAt" IS NULL AND NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."person" AS t6
      WHERE t6."companyId" = t5."id" AND t6."deletedAt" IS NULL AND t6."city" = $2::text
    )
  ) || '}'
)
FROM (
  SELECT t0."name" AS c0,t0."id" AS c1
  FROM "workspace_default"."company" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY (fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
  LIMIT 2
) AS t1;
