SELECT '{"companies":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"name":' || COALESCE(to_json(t1.c0)::text,'null') || ',"people":' || (
      SELECT '{"totalCount":' || count(*)::text || ',"pageInfo":{"hasNextPage":' || (count(*) > 2)::text ||
        '},"edges":[' || COALESCE(
        string_agg(
          '{"cursor":"' || encode(t3.place,'hex') || md5(t3.place) || '","node":{"email":' || to_json(t3.c0)::text
            || ',"activities":' || (
            SELECT '{"edges":[' || COALESCE(
              string_agg('{"node":{"title":' || COALESCE(to_json(t5.c0)::text,'null') || '}}',','),''
            ) || ']}'
            FROM (
              SELECT t4."title" AS c0
              FROM "workspace_default"."activity" AS t4
              WHERE t4."personId" = t3.c1 AND t4."deletedAt" IS NULL
              ORDER BY t4."id"
              LIMIT 1
            ) AS t5
          ) || '}}',','
          ORDER BY t3.number
        ) FILTER (WHERE t3.number <= 2),''
      ) || ']}'
      FROM (
        SELECT t2."email" AS c0,t2."id" AS c1,row_number() OVER (
          ORDER BY (fieldstone.text_key_1(t2."email") COLLATE "C"),t2."id"
        ) AS number,CASE WHEN row_number() OVER (
          ORDER BY (fieldstone.text_key_1(t2."email") COLLATE "C"),t2."id"
        ) <= 2 THEN '\x086161643662396539020102'::bytea || textsend(
          substr(
            (fieldstone.text_key_1(t2."email") COLLATE "C"),strpos(
              (fieldstone.text_key_1(t2."email") COLLATE "C"),E'\x01'
            ) + 1
          )
        ) || '\x00'::bytea || uuid_send(t2."id") END AS place
        FROM "workspace_default"."person" AS t2
        WHERE t2."companyId" = t1.c1 AND t2."deletedAt" IS NULL AND t2."city" IS NOT NULL
      ) AS t3
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."name" AS c0,t0."id" AS c1
  FROM "workspace_default"."company" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY (fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
  LIMIT 2
) AS t1;
