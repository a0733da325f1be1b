WITH t10 AS (
  SELECT count(*) >= greatest(
    2000,pg_relation_size('"workspace_default"."opportunity"'::regclass) / 4096,pg_relation_size(
      '"workspace_default"."person"'::regclass
    ) / 4096
  ) AS are_many
  FROM (
    SELECT 1 AS hit
    FROM "workspace_default"."company" AS t0
    WHERE t0."deletedAt" IS NULL
    LIMIT greatest(
      2000,pg_relation_size('"workspace_default"."opportunity"'::regclass) / 4096,pg_relation_size(
        '"workspace_default"."person"'::regclass
      ) / 4096
    )
  ) AS t9
)
SELECT '{"companies":{"edges":[' || COALESCE(
  string_agg(
    '{"cursor":"' || encode(t14.place,'hex') || md5(t14.place) || '","node":{"name":' || COALESCE(
      to_json(t14.c0)::text,'null'
    ) || ',"people":' || (
      SELECT '{"edges":[' || COALESCE(string_agg('{"node":{"email":' || to_json(t18.c0)::text || '}}',','),'')
        || ']}'
      FROM (
        SELECT t15."email" AS c0
        FROM "workspace_default"."person" AS t15
        LEFT JOIN LATERAL (
          SELECT count(*) AS m0
          FROM "workspace_default"."opportunity" AS t16
          WHERE t16."personId" = t15."id" AND t16."deletedAt" IS NULL
        ) AS t17 ON true
        WHERE t15."companyId" = t14.c1 AND t15."deletedAt" IS NULL
        ORDER BY t17."m0" DESC,t15."id" DESC
        LIMIT 1
      ) AS t18
    ) || '}}',','
  ) FILTER (WHERE t14.number <= 2),''
) || (
  '],"pageInfo":{"hasNextPage":' || (count(*) > 2)::text || ',"endCursor":' || COALESCE(
    min('"' || encode(t14.place,'hex') || md5(t14.place) || '"') FILTER
      (WHERE t14.number = least(t14.total,2)),'null'
  ) || '}}}'
)
FROM (
  SELECT t13.*,row_number() OVER () AS number,'\x08313138363431343903'::bytea || CASE WHEN t13.k0 IS NULL THEN
    '\x00'::bytea ELSE '\x01'::bytea END || '\x0102'::bytea || COALESCE(
    textsend(t13.k0::text) || '\x00'::bytea,'\x'::bytea
  ) || textsend(t13.k1::text) || '\x00'::bytea || uuid_send(t13.c1) AS place,count(*) OVER () AS total
  FROM (
    (
      SELECT t0."name" AS c0,t0."id" AS c1,t2."m0" AS k0,t4."m0" AS k1
      FROM "workspace_default"."company" AS t0
      LEFT JOIN LATERAL (
        SELECT sum(t1."amount") AS m0
        FROM "workspace_default"."opportunity" AS t1
        WHERE t1."companyId" = t0."id" AND t1."deletedAt" IS NULL AND t1."stage" = $1::text
      ) AS t2 ON true
      LEFT JOIN LATERAL (
        SELECT count(*) AS m0
        FROM "workspace_default"."person" AS t3
        WHERE t3."companyId" = t0."id" AND t3."deletedAt" IS NULL
      ) AS t4 ON true
      WHERE t0."deletedAt" IS NULL AND (SELECT NOT t11.are_many FROM t10 AS t11)
      ORDER BY t2."m0" DESC,t4."m0" DESC,t0."id" DESC
      LIMIT 3
    )
    UNION ALL (
      SELECT t0."name" AS c0,t0."id" AS c1,t6."m0" AS k0,COALESCE(t8."m0",0) AS k1
      FROM "workspace_default"."company" AS t0
      LEFT JOIN (
        SELECT sum(t5."amount") AS m0,t5."companyId" AS k
        FROM "workspace_default"."opportunity" AS t5
        WHERE t5."companyId" IS NOT NULL AND t5."deletedAt" IS NULL AND t5."stage" = $1::text
        GROUP BY t5."companyId"
      ) AS t6 ON t6.k = t0."id"
      LEFT JOIN (
        SELECT count(*) AS m0,t7."companyId" AS k
        FROM "workspace_default"."person" AS t7
        WHERE t7."companyId" IS NOT NULL AND t7."deletedAt" IS NULL
        GROUP BY t7."companyId"
      ) AS t8 ON t8.k = t0."id"
      WHERE t0."deletedAt" IS NULL AND (SELECT t12.are_many FROM t10 AS t12)
      ORDER BY t6."m0" DESC,COALESCE(t8."m0",0) DESC,t0."id" DESC
      LIMIT 3
    )
    ORDER BY k0 DESC,k1 DESC,c1 DESC
    LIMIT 3
  ) AS t13
) AS t14;
