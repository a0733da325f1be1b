SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"city":' || COALESCE(to_json(t1.c0)::text,'null') || ',"email":' || to_json(t1.c1)::text || '}}',
      ','
  ),''
) || ']}}'
FROM (
  (
    SELECT t0."city" AS c0,t0."email" AS c1,(fieldstone.text_key_1(t0."city") COLLATE "C") AS k0,(
      fieldstone.text_key_1(t0."email") COLLATE "C"
    ) AS k1,t0."id" AS k2
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL AND (fieldstone.text_key_1(t0."city") COLLATE "C") IS NULL
    ORDER BY (fieldstone.text_key_1(t0."city") COLLATE "C") DESC,(
      fieldstone.text_key_1(t0."email") COLLATE "C"
    ) DESC,t0."id" DESC
    LIMIT 2
  )
  UNION ALL (
    SELECT t0."city" AS c0,t0."email" AS c1,(fieldstone.text_key_1(t0."city") COLLATE "C") AS k0,(
      fieldstone.text_key_1(t0."email") COLLATE "C"
    ) AS k1,t0."id" AS k2
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL AND (fieldstone.text_key_1(t0."city") COLLATE "C") IS NOT NULL
    ORDER BY (fieldstone.text_key_1(t0."city") COLLATE "C"),(fieldstone.text_key_1(t0."email") COLLATE "C")
      DESC,t0."id" DESC
    LIMIT 2
  )
  ORDER BY k0 NULLS FIRST,k1 DESC,k2 DESC
  LIMIT 2
) AS t1;
