WITH t11 AS (
  SELECT count(*) AS hits
  FROM (
    SELECT 1 AS hit
    FROM (
      SELECT t0."deletedAt" AS c0,t0."id" AS c1
      FROM "workspace_default"."company" AS t0
      ORDER BY (fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
      LIMIT 256
    ) AS t5
    WHERE t5.c0 IS NULL AND (
      SELECT t7."m0" >= (SELECT $1::integer) AND t7."m1" > (SELECT $2::numeric)
      FROM (
        SELECT count(*) AS m0,sum(t6."amount") AS m1
        FROM "workspace_default"."opportunity" AS t6
        WHERE t6."companyId" = t5.c1 AND t6."deletedAt" IS NULL AND t6."stage" <> (SELECT $3::text)
      ) AS t7
    ) AND NOT (
      SELECT t9."m0" = (SELECT $4::integer)
      FROM (
        SELECT count(*) AS m0
        FROM "workspace_default"."person" AS t8
        WHERE t8."companyId" = t5.c1 AND t8."deletedAt" IS NULL
      ) AS t9
    )
    LIMIT 3
  ) AS t10
)
,unread AS (SELECT $5::text)
SELECT '{"companies":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."company" AS t20
  WHERE t20."deletedAt" IS NULL AND (
    SELECT t22."m0" >= $1::integer AND t22."m1" > $2::numeric
    FROM (
      SELECT count(*) AS m0,sum(t21."amount") AS m1
      FROM "workspace_default"."opportunity" AS t21
      WHERE t21."companyId" = t20."id" AND t21."deletedAt" IS NULL AND t21."stage" <> $3::text
    ) AS t22
  ) AND NOT (
    SELECT t24."m0" = $4::integer
    FROM (
      SELECT count(*) AS m0
      FROM "workspace_default"."person" AS t23
      WHERE t23."companyId" = t20."id" AND t23."deletedAt" IS NULL
    ) AS t24
  )
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"name":' || COALESCE(to_json(t18.c0)::text,'null') || ',"opportunities":' || (
      SELECT '{"totalCount":' || count(*)::text || '}'
      FROM "workspace_default"."opportunity" AS t19
      WHERE t19."companyId" = t18.c1 AND t19."deletedAt" IS NULL AND t19."stage" <> $5::text
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  (
    SELECT t0."name" AS c0,t0."id" AS c1,(fieldstone.text_key_1(t0."name") COLLATE "C") AS k0,t0."id" AS k1
    FROM "workspace_default"."company" AS t0
    WHERE t0."deletedAt" IS NULL AND (
      SELECT t2."m0" >= (SELECT $1::integer) AND t2."m1" > (SELECT $2::numeric)
      FROM (
        SELECT count(*) AS m0,sum(t1."amount") AS m1
        FROM "workspace_default"."opportunity" AS t1
        WHERE t1."companyId" = t0."id" AND t1."deletedAt" IS NULL AND t1."stage" <> (SELECT $3::text)
      ) AS t2
    ) AND NOT (
      SELECT t4."m0" = (SELECT $4::integer)
      FROM (
        SELECT count(*) AS m0
        FROM "workspace_default"."person" AS t3
        WHERE t3."companyId" = t0."id" AND t3."deletedAt" IS NULL
      ) AS t4
    ) AND (SELECT t12.hits FROM t11 AS t12) >= 3
    ORDER BY (fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
    LIMIT 2
  )
  UNION ALL (
    SELECT t0."name" AS c0,t0."id" AS c1,(fieldstone.text_key_1(t0."name") COLLATE "C") AS k0,t0."id" AS k1
    FROM (
      SELECT t0.*
      FROM "workspace_default"."company" AS t0
      WHERE t0."deletedAt" IS NULL AND (
        SELECT t15."m0" >= (SELECT $1::integer) AND t15."m1" > (SELECT $2::numeric)
        FROM (
          SELECT count(*) AS m0,sum(t14."amount") AS m1
          FROM "workspace_default"."opportunity" AS t14
          WHERE t14."companyId" = t0."id" AND t14."deletedAt" IS NULL AND t14."stage" <> (SELECT $3::text)
        ) AS t15
      ) AND NOT (
        SELECT t17."m0" = (SELECT $4::integer)
        FROM (
          SELECT count(*) AS m0
          FROM "workspace_default"."person" AS t16
          WHERE t16."companyId" = t0."id" AND t16."deletedAt" IS NULL
        ) AS t17
      ) AND (SELECT t13.hits FROM t11 AS t13) < 3
      OFFSET 0
    ) AS t0
    ORDER BY (fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
    LIMIT 2
  )
  ORDER BY k0,k1
  LIMIT 2
) AS t18;
