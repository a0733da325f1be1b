WITH t13 AS (
  SELECT 1 AS hit
  FROM (
    SELECT t0."id" AS k0,t0."deletedAt" AS s0
    FROM "workspace_default"."company" AS t0
    ORDER BY t0."id"
    LIMIT 64
  ) AS t6
  WHERE t6.s0 IS NULL AND (
    NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."opportunity" AS t7
      WHERE t7."companyId" = t6.k0 AND t7."deletedAt" IS NULL
      OFFSET 0
    ) OR EXISTS (
      SELECT 1
      FROM (SELECT t8.* FROM "workspace_default"."person" AS t8 WHERE t8."companyId" = t6.k0 LIMIT 4) AS t9
      WHERE t9."deletedAt" IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."activity" AS t10
        WHERE t10."personId" = t9."id" AND t10."deletedAt" IS NULL AND t10."dueAt" > (SELECT $1::timestamptz)
        OFFSET 0
      ) AND t9."city" = (SELECT $2::text)
      OFFSET 0
    ) OR NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."person" AS t11
      WHERE t11."companyId" = t6.k0 AND t11."deletedAt" IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."company" AS t12
        WHERE t12."id" = t11."companyId" AND t12."deletedAt" IS NULL AND (
          fieldstone.text_key_1(t12."name") COLLATE "C"
        ) = (SELECT (fieldstone.text_key_1($3::text) COLLATE "C")) AND t12."name" = (SELECT $3::text)
        OFFSET 0
      )
      OFFSET 0
    )
  )
  LIMIT 3
)
,t15 AS (SELECT count(*) AS hits FROM t13 AS t14)
SELECT '{"companies":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."company" AS t25
  WHERE t25."deletedAt" IS NULL AND (
    NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."opportunity" AS t26
      WHERE t26."companyId" = t25."id" AND t26."deletedAt" IS NULL
    ) OR EXISTS (
      SELECT 1
      FROM "workspace_default"."person" AS t27
      WHERE t27."companyId" = t25."id" AND t27."deletedAt" IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."activity" AS t28
        WHERE t28."personId" = t27."id" AND t28."deletedAt" IS NULL AND t28."dueAt" > $1::timestamptz
      ) AND t27."city" = $2::text
    ) OR NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."person" AS t29
      WHERE t29."companyId" = t25."id" AND t29."deletedAt" IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."company" AS t30
        WHERE t30."id" = t29."companyId" AND t30."deletedAt" IS NULL AND (
          fieldstone.text_key_1(t30."name") COLLATE "C"
        ) = (SELECT (fieldstone.text_key_1($3::text) COLLATE "C")) AND t30."name" = $3::text
      )
    )
  )
) || ',"edges":[' || COALESCE(
  string_agg('{"node":{"name":' || COALESCE(to_json(t24.c0)::text,'null') || '}}',','),''
) || ']}}'
FROM (
  (
    SELECT t0."name" AS c0,t0."id" AS k0
    FROM "workspace_default"."company" AS t0
    WHERE t0."deletedAt" IS NULL AND (
      NOT EXISTS (
        SELECT 1
        FROM "workspace_default"."opportunity" AS t1
        WHERE t1."companyId" = t0."id" AND t1."deletedAt" IS NULL
        OFFSET 0
      ) OR EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t2
        WHERE t2."companyId" = t0."id" AND t2."deletedAt" IS NULL AND EXISTS (
          SELECT 1
          FROM "workspace_default"."activity" AS t3
          WHERE t3."personId" = t2."id" AND t3."deletedAt" IS NULL AND t3."dueAt" > (SELECT $1::timestamptz)
          OFFSET 0
        ) AND t2."city" = (SELECT $2::text)
        OFFSET 0
      ) OR NOT EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t4
        WHERE t4."companyId" = t0."id" AND t4."deletedAt" IS NULL AND EXISTS (
          SELECT 1
          FROM "workspace_default"."company" AS t5
          WHERE t5."id" = t4."companyId" AND t5."deletedAt" IS NULL AND (
            fieldstone.text_key_1(t5."name") COLLATE "C"
          ) = (SELECT (fieldstone.text_key_1($3::text) COLLATE "C")) AND t5."name" = (SELECT $3::text)
          OFFSET 0
        )
        OFFSET 0
      )
    ) AND (SELECT t16.hits >= 3 FROM t15 AS t16)
    ORDER BY t0."id"
    LIMIT 3
  )
  UNION ALL (
    SELECT t23.c0,t23.k0
    FROM (
      SELECT t0."name" AS c0,t0."id" AS k0
      FROM "workspace_default"."company" AS t0
      WHERE t0."deletedAt" IS NULL AND (
        NOT EXISTS (
          SELECT 1
          FROM "workspace_default"."opportunity" AS t18
          WHERE t18."companyId" = t0."id" AND t18."deletedAt" IS NULL
        ) OR EXISTS (
          SELECT 1
          FROM "workspace_default"."person" AS t19
          WHERE t19."companyId" = t0."id" AND t19."deletedAt" IS NULL AND EXISTS (
            SELECT 1
            FROM "workspace_default"."activity" AS t20
            WHERE t20."personId" = t19."id" AND t20."deletedAt" IS NULL AND t20."dueAt" > (
              SELECT $1::timestamptz
            )
          ) AND t19."city" = (SELECT $2::text)
        ) OR NOT EXISTS (
          SELECT 1
          FROM "workspace_default"."person" AS t21
          WHERE t21."companyId" = t0."id" AND t21."deletedAt" IS NULL AND EXISTS (
            SELECT 1
            FROM "workspace_default"."company" AS t22
            WHERE t22."id" = t21."companyId" AND t22."deletedAt" IS NULL AND (
              fieldstone.text_key_1(t22."name") COLLATE "C"
            ) = (SELECT (fieldstone.text_key_1($3::text) COLLATE "C")) AND t22."name" = (SELECT $3::text)
          )
        )
      ) AND (SELECT t17.hits < 3 FROM t15 AS t17)
      OFFSET 0
    ) AS t23
    ORDER BY k0
    LIMIT 3
  )
  ORDER BY k0
  LIMIT 3
) AS t24;
