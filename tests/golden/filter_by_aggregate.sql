WITH t10 AS (
  SELECT t5.c0,t5.c1,(fieldstone.text_key_1(t5.c0) COLLATE "C") AS k0
  FROM (
    SELECT t0."name" AS c0,t0."id" AS c1,t0."deletedAt" AS s0
    FROM "workspace_default"."company" AS t0
    ORDER BY (fieldstone.text_key_1(t0."name") COLLATE "C"),t0."id"
    LIMIT 256
  ) AS t5
  WHERE t5.s0 IS NULL AND (
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
  LIMIT 2
)
,t12 AS (SELECT count(*) AS hits FROM t10 AS t11)
SELECT '{"companies":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."company" AS t23
  WHERE t23."deletedAt" IS NULL AND (
    SELECT t25."m0" >= $1::integer AND t25."m1" > $2::numeric
    FROM (
      SELECT count(*) AS m0,sum(t24."amount") AS m1
      FROM "workspace_default"."opportunity" AS t24
      WHERE t24."companyId" = t23."id" AND t24."deletedAt" IS NULL AND t24."stage" <> $3::text
    ) AS t25
  ) AND NOT (
    SELECT t27."m0" = $4::integer
    FROM (
      SELECT count(*) AS m0
      FROM "workspace_default"."person" AS t26
      WHERE t26."companyId" = t23."id" AND t26."deletedAt" IS NULL
    ) AS t27
  )
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"name":' || COALESCE(to_json(t21.c0)::text,'null') || ',"opportunities":' || (
      SELECT '{"totalCount":' || count(*)::text || '}'
      FROM "workspace_default"."opportunity" AS t22
      WHERE t22."companyId" = t21.c1 AND t22."deletedAt" IS NULL AND t22."stage" <> $5::text
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  (SELECT t14.c0,t14.c1,t14.k0 FROM t10 AS t14 WHERE (SELECT t13.hits >= 2 FROM t12 AS t13))
  UNION ALL (
    SELECT t20.c0,t20.c1,t20.k0
    FROM (
      SELECT t0."name" AS c0,t0."id" AS c1,(fieldstone.text_key_1(t0."name") COLLATE "C") AS k0
      FROM "workspace_default"."company" AS t0
      WHERE t0."deletedAt" IS NULL AND (
        SELECT t17."m0" >= (SELECT $1::integer) AND t17."m1" > (SELECT $2::numeric)
        FROM (
          SELECT count(*) AS m0,sum(t16."amount") AS m1
          FROM "workspace_default"."opportunity" AS t16
          WHERE t16."companyId" = t0."id" AND t16."deletedAt" IS NULL AND t16."stage" <> (SELECT $3::text)
        ) AS t17
      ) AND NOT (
        SELECT t19."m0" = (SELECT $4::integer)
        FROM (
          SELECT count(*) AS m0
          FROM "workspace_default"."person" AS t18
          WHERE t18."companyId" = t0."id" AND t18."deletedAt" IS NULL
        ) AS t19
      ) AND (SELECT t15.hits < 2 FROM t12 AS t15)
      OFFSET 0
    ) AS t20
    ORDER BY k0,c1
    LIMIT 2
  )
  LIMIT 2
) AS t21;
