SELECT '{"companies":{"totalCount":' || t6.c0 || ',"aggregate":' || t6.c1 || ',"edges":' || t5.c0 || '}}'
FROM (
  SELECT '[' || COALESCE(
    string_agg(
      '{"node":{"name":' || COALESCE(to_json(t1.c0)::text,'null') || ',"people":' || (
        SELECT '{"aggregate":{"count":' || count(*)::text || ',"countDistinct":{"city":' || count(
          DISTINCT t3.c1
        )::text || '},"percentEmpty":{"city":' || COALESCE(
          to_json(trim_scale((100.0 * count(*) FILTER (WHERE COALESCE(t3.c1,'') = '')) / NULLIF(count(*),0)))::text,
            'null'
        ) || '},"max":{"lastName":' || COALESCE(
          to_json(
            substr(
              max(((fieldstone.text_key_1(t3.c2) || substr(t3.c2,201)) COLLATE "C")),strpos(
                max(((fieldstone.text_key_1(t3.c2) || substr(t3.c2,201)) COLLATE "C")),E'\x01'
              ) + 1
            )
          )::text,'null'
        ) || '}},"edges":[' || COALESCE(
          string_agg('{"node":{"email":' || to_json(t3.c0)::text || '}}',',' ORDER BY t3.number) FILTER (
            WHERE t3.number <= 1
          ),''
        ) || (
          '],"totalCount":' || count(*)::text || ',"pageInfo":{"hasNextPage":' || (count(*) > 1)::text ||
            ',"endCursor":' || COALESCE(
            min('"' || encode(t3.place,'hex') || md5(t3.place) || '"') FILTER (
              WHERE t3.number = least(t3.total,1)
            ),'null'
          ) || '}}'
        )
        FROM (
          SELECT t2."email" AS c0,t2."city" AS c1,t2."lastName" AS c2,row_number() OVER (
            ORDER BY (fieldstone.text_key_1(t2."email") COLLATE "C"),t2."id"
          ) AS number,CASE WHEN row_number() OVER (
            ORDER BY (fieldstone.text_key_1(t2."email") COLLATE "C"),t2."id"
          ) <= 1 THEN '\x086161643662396539020102'::bytea || textsend(
            substr(
              (fieldstone.text_key_1(t2."email") COLLATE "C"),strpos(
                (fieldstone.text_key_1(t2."email") COLLATE "C"),E'\x01'
              ) + 1
            )
          ) || '\x00'::bytea || uuid_send(t2."id") END AS place,count(*) OVER () AS total
          FROM "workspace_default"."person" AS t2
          WHERE t2."companyId" = t1.c1 AND t2."deletedAt" IS NULL
        ) AS t3
      ) || '}}',','
    ),''
  ) || ']' AS c0
  FROM (
    SELECT t0."name" AS c0,t0."id" AS c1
    FROM "workspace_default"."company" AS t0
    WHERE t0."deletedAt" IS NULL
    ORDER BY (fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
    LIMIT 2
  ) AS t1
) AS t5
JOIN (
  SELECT count(*)::text AS c0,'{"sum":{"employees":' || COALESCE(
    to_json(trim_scale(sum(t4."employees")))::text,'null'
  ) || '},"countEmpty":{"website":' || count(*) FILTER (WHERE COALESCE(t4."website",'') = '')::text || '}}' AS
    c1
  FROM "workspace_default"."company" AS t4
  WHERE t4."deletedAt" IS NULL
) AS t6 ON true;
