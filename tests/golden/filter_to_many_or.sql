WITH t14 AS (
  SELECT count(*) AS hits
  FROM (
    SELECT 1 AS hit
    FROM (
      SELECT t0."deletedAt" AS c0,t0."id" AS c1
      FROM "workspace_default"."company" AS t0
      ORDER BY t0."id"
      LIMIT 64
    ) AS t6
    WHERE t6.c0 IS NULL AND (
      NOT EXISTS (
        SELECT 1
        FROM "workspace_default"."opportunity" AS t7
        WHERE t7."companyId" = t6.c1 AND t7."deletedAt" IS NULL
        OFFSET 0
      ) OR EXISTS (
        SELECT 1
        FROM (SELECT t8.* FROM "workspace_default"."person" AS t8 WHERE t8."companyId" = t6.c1 LIMIT 4) AS t9
        WHERE t9."deletedAt" IS NULL AND EXISTS (
          SELECT 1
          FROM "workspace_default"."activity" AS t10
          WHERE t10."personId" = t9."id" AND t10."deletedAt" IS NULL AND t10."dueAt" >
            (SELECT $1::timestamptz)
          OFFSET 0
        ) AND t9."city" = (SELECT $2::text)
        OFFSET 0
      ) OR NOT EXISTS (
        SELECT 1
        FROM "workspace_default"."person" AS t11
        WHERE t11."companyId" = t6.c1 AND t11."deletedAt" IS NULL AND EXISTS (
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
  ) AS t13
)
SELECT '{"companies":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."company" AS t23
  WHERE t23."deletedAt" IS NULL AND (
    NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."opportunity" AS t24
      WHERE t24."companyId" = t23."id" AND t24."deletedAt" IS NULL
    ) OR EXISTS (
      SELECT 1
      FROM "workspace_default"."person" AS t25
      WHERE t25."companyId" = t23."id" AND t25."deletedAt" IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."activity" AS t26
        WHERE t26."personId" = t25."id" AND t26."deletedAt" IS NULL AND t26."dueAt" > $1::timestamptz
      ) AND t25."city" = $2::text
    ) OR NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."person" AS t27
      WHERE t27."companyId" = t23."id" AND t27."deletedAt" IS NULL AND EXISTS (
        SELECT 1
        FROM "workspace_default"."company" AS t28
        WHERE t28."id" = t27."companyId" AND t28."deletedAt" IS NULL AND (
          fieldstone.text_key_1(t28."name") COLLATE "C"
        ) = (SELECT (fieldstone.text_key_1($3::text) COLLATE "C")) AND t28."name" = $3::text
      )
    )
  )
) || ',"edges":[' || COALESCE(
  string_agg('{"node":{"name":' || COALESCE(to_json(t22.c0)::text,'null') || '}}',','),''
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
    ) AND (SELECT t15.hits FROM t14 AS t15) >= 3
    ORDER BY t0."id"
    LIMIT 3
  )
  UNION ALL (
    SELECT t0."name" AS c0,t0."id" AS k0
    FROM (
      SELECT t0.*
      FROM "workspace_default"."company" AS t0
      WHERE t0."deletedAt" IS NULL AND (
        NOT EXISTS (
          SELECT 1
          FROM "workspace_default"."opportunity" AS t17
          WHERE t17."companyId" = t0."id" AND t17."deletedAt" IS NULL
        ) OR EXISTS (
          SELECT 1
          FROM "workspace_default"."person" AS t18
          WHERE t18."companyId" = t0."id" AND t18."deletedAt" IS NULL AND EXISTS (
            SELECT 1
            FROM "workspace_default"."activity" AS t19
            WHERE t19."personId" = t18."id" AND t19."deletedAt" IS NULL AND t19."dueAt" > (
              SELECT $1::timestamptz
            )
          ) AND t18."city" = (SELECT $2::text)
        ) OR NOT EXISTS (
          SELECT 1
          FROM "workspace_default"."person" AS t20
          WHERE t20."companyId" = t0."id" AND t20."deletedAt" IS NULL AND EXISTS (
            SELECT 1
            FROM "workspace_default"."company" AS t21
            WHERE t21."id" = t20."companyId" AND t21."deletedAt" IS NULL AND (
              fieldstone.text_key_1(t21."name") COLLATE "C"
            ) = (SELECT (fieldstone.text_key_1($3::text) COLLATE "C")) AND t21."name" = (SELECT $3::text)
          )
        )
      ) AND (SELECT t16.hits FROM t14 AS t16) < 3
      OFFSET 0
    ) AS t0
    ORDER BY t0."id"
    LIMIT 3
  )
  ORDER BY k0
  LIMIT 3
) AS t22;
