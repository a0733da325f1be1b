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
,t17 AS (
  SELECT count(*) >= greatest(
    2000,pg_relation_size('"workspace_default"."opportunity"'::regclass) / 4096,pg_relation_size(
      '"workspace_default"."person"'::regclass
    ) / 4096
  ) AS are_many
  FROM (
    SELECT 1 AS hit
    FROM "workspace_default"."company" AS t15
    WHERE t15."deletedAt" IS NULL
    LIMIT greatest(
      2000,pg_relation_size('"workspace_default"."opportunity"'::regclass) / 4096,pg_relation_size(
        '"workspace_default"."person"'::regclass
      ) / 4096
    )
  ) AS t16
)
,t20 AS (
  SELECT t19."m0" >= (SELECT $1::integer) AND t19."m1" > (SELECT $2::numeric) AS answer
  FROM (
    SELECT count(*) AS m0,sum(t18."amount") AS m1
    FROM "workspace_default"."opportunity" AS t18
    WHERE false
  ) AS t19
)
,t32 AS (
  SELECT t31."m0" = (SELECT $4::integer) AS answer
  FROM (SELECT count(*) AS m0 FROM "workspace_default"."person" AS t30 WHERE false) AS t31
)
,t49 AS (
  SELECT count(*) >= greatest(
    2000,pg_relation_size('"workspace_default"."opportunity"'::regclass) / 4096,pg_relation_size(
      '"workspace_default"."person"'::regclass
    ) / 4096
  ) AS are_many
  FROM (
    SELECT 1 AS hit
    FROM "workspace_default"."company" AS t47
    WHERE t47."deletedAt" IS NULL
    LIMIT greatest(
      2000,pg_relation_size('"workspace_default"."opportunity"'::regclass) / 4096,pg_relation_size(
        '"workspace_default"."person"'::regclass
      ) / 4096
    )
  ) AS t48
)
,t52 AS (
  SELECT t51."m0" >= $1::integer AND t51."m1" > $2::numeric AS answer
  FROM (
    SELECT count(*) AS m0,sum(t50."amount") AS m1
    FROM "workspace_default"."opportunity" AS t50
    WHERE false
  ) AS t51
)
,t64 AS (
  SELECT t63."m0" = $4::integer AS answer
  FROM (SELECT count(*) AS m0 FROM "workspace_default"."person" AS t62 WHERE false) AS t63
)
SELECT '{"companies":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."company" AS t46
  LEFT JOIN (
    SELECT t55.k,t55."m0" >= $1::integer AND t55."m1" > $2::numeric AS answer
    FROM (
      SELECT count(*) AS m0,sum(t53."amount") AS m1,t53."companyId" AS k
      FROM "workspace_default"."opportunity" AS t53
      WHERE (SELECT t54.are_many FROM t49 AS t54) AND t53."companyId" IS NOT NULL AND t53."deletedAt" IS NULL
        AND t53."stage" <> $3::text
      GROUP BY t53."companyId"
    ) AS t55
    WHERE (t55."m0" >= $1::integer AND t55."m1" > $2::numeric) IS DISTINCT FROM (
      SELECT t56.answer
      FROM t52 AS t56
    )
  ) AS t57 ON t57.k = t46."id"
  LEFT JOIN (
    SELECT t67.k,t67."m0" = $4::integer AS answer
    FROM (
      SELECT count(*) AS m0,t65."companyId" AS k
      FROM "workspace_default"."person" AS t65
      WHERE (SELECT t66.are_many FROM t49 AS t66) AND t65."companyId" IS NOT NULL AND t65."deletedAt" IS NULL
      GROUP BY t65."companyId"
    ) AS t67
    WHERE t67."m0" = $4::integer IS DISTINCT FROM (SELECT t68.answer FROM t64 AS t68)
  ) AS t69 ON t69.k = t46."id"
  WHERE t46."deletedAt" IS NULL AND CASE WHEN (SELECT t61.are_many FROM t49 AS t61) THEN CASE WHEN t57.k IS
    NULL THEN (SELECT t58.answer FROM t52 AS t58) ELSE t57.answer END ELSE (
    SELECT t60."m0" >= $1::integer AND t60."m1" > $2::numeric
    FROM (
      SELECT count(*) AS m0,sum(t59."amount") AS m1
      FROM "workspace_default"."opportunity" AS t59
      WHERE t59."companyId" = t46."id" AND t59."deletedAt" IS NULL AND t59."stage" <> $3::text
    ) AS t60
  ) END AND NOT CASE WHEN (SELECT t73.are_many FROM t49 AS t73) THEN CASE WHEN t69.k IS NULL THEN (
    SELECT t70.answer
    FROM t64 AS t70
  ) ELSE t69.answer END ELSE (
    SELECT t72."m0" = $4::integer
    FROM (
      SELECT count(*) AS m0
      FROM "workspace_default"."person" AS t71
      WHERE t71."companyId" = t46."id" AND t71."deletedAt" IS NULL
    ) AS t72
  ) END
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"name":' || COALESCE(to_json(t44.c0)::text,'null') || ',"opportunities":' || (
      SELECT '{"totalCount":' || count(*)::text || '}'
      FROM "workspace_default"."opportunity" AS t45
      WHERE t45."companyId" = t44.c1 AND t45."deletedAt" IS NULL AND t45."stage" <> $5::text
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  (SELECT t13.c0,t13.c1,t13.k0 FROM t10 AS t13)
  UNION ALL (
    SELECT t42.c0,t42.c1,t42.k0
    FROM (
      SELECT t0."name" AS c0,t0."id" AS c1,(fieldstone.text_key_1(t0."name") COLLATE "C") AS k0
      FROM "workspace_default"."company" AS t0
      LEFT JOIN (
        SELECT t23.k,t23."m0" >= (SELECT $1::integer) AND t23."m1" > (SELECT $2::numeric) AS answer
        FROM (
          SELECT count(*) AS m0,sum(t21."amount") AS m1,t21."companyId" AS k
          FROM "workspace_default"."opportunity" AS t21
          WHERE (SELECT t22.are_many FROM t17 AS t22) AND t21."companyId" IS NOT NULL AND t21."deletedAt" IS
            NULL AND t21."stage" <> (SELECT $3::text)
          GROUP BY t21."companyId"
        ) AS t23
        WHERE (t23."m0" >= (SELECT $1::integer) AND t23."m1" > (SELECT $2::numeric)) IS DISTINCT FROM (
          SELECT t24.answer
          FROM t20 AS t24
        )
      ) AS t25 ON t25.k = t0."id"
      LEFT JOIN (
        SELECT t35.k,t35."m0" = (SELECT $4::integer) AS answer
        FROM (
          SELECT count(*) AS m0,t33."companyId" AS k
          FROM "workspace_default"."person" AS t33
          WHERE (SELECT t34.are_many FROM t17 AS t34) AND t33."companyId" IS NOT NULL AND t33."deletedAt" IS
            NULL
          GROUP BY t33."companyId"
        ) AS t35
        WHERE t35."m0" = (SELECT $4::integer) IS DISTINCT FROM (SELECT t36.answer FROM t32 AS t36)
      ) AS t37 ON t37.k = t0."id"
      WHERE t0."deletedAt" IS NULL AND CASE WHEN (SELECT t29.are_many FROM t17 AS t29) THEN CASE WHEN t25.k IS
        NULL THEN (SELECT t26.answer FROM t20 AS t26) ELSE t25.answer END ELSE (
        SELECT t28."m0" >= (SELECT $1::integer) AND t28."m1" > (SELECT $2::numeric)
        FROM (
          SELECT count(*) AS m0,sum(t27."amount") AS m1
          FROM "workspace_default"."opportunity" AS t27
          WHERE t27."companyId" = t0."id" AND t27."deletedAt" IS NULL AND t27."stage" <> (SELECT $3::text)
        ) AS t28
      ) END AND NOT CASE WHEN (SELECT t41.are_many FROM t17 AS t41) THEN CASE WHEN t37.k IS NULL THEN (
        SELECT t38.answer
        FROM t32 AS t38
      ) ELSE t37.answer END ELSE (
        SELECT t40."m0" = (SELECT $4::integer)
        FROM (
          SELECT count(*) AS m0
          FROM "workspace_default"."person" AS t39
          WHERE t39."companyId" = t0."id" AND t39."deletedAt" IS NULL
        ) AS t40
      ) END AND (SELECT t14.hits < 2 FROM t12 AS t14)
      OFFSET 0
    ) AS t42
    ORDER BY k0,c1
    LIMIT 2
    OFFSET (SELECT t43.hits FROM t12 AS t43)
  )
  LIMIT 2
) AS t44;
