SELECT '{"companies":{"edges":[' || COALESCE(
  string_agg(
    '{"node":{"name":' || COALESCE(to_json(t1.c0)::text,'null') || ',"people":' || (
      SELECT '{"totalCount":' || (
        SELECT count(*)
        FROM "workspace_default"."person" AS t5
        WHERE t5."companyId" = t1.c1 AND t5."deletedAt" IS NULL AND t5."city" IS NOT NULL
      )::text || ',"pageInfo":{"hasNextPage":' || (count(*) > 2)::text || '},"edges":[' || COALESCE(
        string_agg(
          '{"cursor":"' || encode(t4.place,'hex') || md5(t4.place) || '","node":{"email":' || to_json(t4.c0)::text
            || ',"activities":' || (
            SELECT '{"edges":[' || COALESCE(
              string_agg('{"node":{"title":' || COALESCE(to_json(t7.c0)::text,'null') || '}}',','),''
            ) || ']}'
            FROM (
              SELECT t6."title" AS c0
              FROM "workspace_default"."activity" AS t6
              WHERE t6."personId" = t4.c1 AND t6."deletedAt" IS NULL
              ORDER BY t6."id"
              LIMIT 1
            ) AS t7
          ) || '}}',','
        ) FILTER (WHERE t4.number <= 2),''
      ) || ']}'
      FROM (
        SELECT t3.*,row_number() OVER () AS number,'\x083466363537373533020102'::bytea || textsend(t3.k0) ||
          '\x00'::bytea || uuid_send(t3.k1) AS place
        FROM (
          SELECT t2."email" AS c0,t2."id" AS c1,t2."email" AS k0,t2."id" AS k1
          FROM "workspace_default"."person" AS t2
          WHERE t2."companyId" = t1.c1 AND t2."deletedAt" IS NULL AND t2."city" IS NOT NULL
          ORDER BY t2."email",t2."id"
          LIMIT 3
        ) AS t3
      ) AS t4
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t0."name" AS c0,t0."id" AS c1
  FROM "workspace_default"."company" AS t0
  WHERE t0."deletedAt" IS NULL
  ORDER BY t0."name",t0."id"
  LIMIT 2
) AS t1;
