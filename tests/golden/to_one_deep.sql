SELECT '{"activities":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"title":' || COALESCE(to_json(t1.c0)::text,'null') || ',"person":' || COALESCE(
      (
        SELECT '{"email":' || to_json(t2."email")::text || ',"company":' || COALESCE(
          (
            SELECT '{"name":' || COALESCE(to_json(t3."name")::text,'null') || '}'
            FROM "workspace_default"."company" AS t3
            WHERE t3."id" = t2."companyId" AND t3."deletedAt" IS NULL
          ),'null'
        ) || '}'
        FROM "workspace_default"."person" AS t2
        WHERE t2."id" = t1.c1 AND t2."deletedAt" IS NULL
      ),'null'
    ) || ',"companyId":' || COALESCE('"' || t1.c2::text || '"','null') || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."title" AS c0,t0."personId" AS c1,t0."companyId" AS c2
  FROM "workspace_default"."activity" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY (fieldstone.text_key_1(t0."title") COLLATE "C") DESC,t0."id" DESC
  LIMIT 2
) AS t1;
