WITH t4 AS (
  SELECT pg_relation_size('"workspace_default"."opportunity"'::regclass) >= 8388608 AND pg_relation_size(
    '"workspace_default"."opportunity"'::regclass
  ) <= 4 * pg_relation_size('"workspace_default"."person"'::regclass) AS longer
)
,t11 AS (
  SELECT t7.c0,t7.c1,t7.k0
  FROM (
    (
      SELECT t0."firstName" AS c0,t0."id" AS c1,t0."createdAt" AS k0,t0."deletedAt" AS s0
      FROM "workspace_default"."person" AS t0
      ORDER BY t0."createdAt" DESC,t0."id" DESC
      LIMIT 256
    )
    UNION ALL (
      SELECT t0."firstName" AS c0,t0."id" AS c1,t0."createdAt" AS k0,t0."deletedAt" AS s0
      FROM "workspace_default"."person" AS t0
      WHERE (SELECT t5.longer FROM t4 AS t5)
      ORDER BY t0."createdAt" DESC,t0."id" DESC
      LIMIT 3840
      OFFSET 256
    )
  ) AS t7
  WHERE t7.s0 IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."opportunity" AS t8
    WHERE t8."personId" = t7.c1 AND t8."deletedAt" IS NULL AND t8."stage" = (SELECT $1::text) AND t8."amount"
      > (SELECT $2::numeric)
    OFFSET 0
  ) AND NOT EXISTS (
    SELECT 1
    FROM "workspace_default"."activity" AS t9
    WHERE t9."personId" = t7.c1 AND t9."deletedAt" IS NULL AND t9."type" <> (SELECT $3::text) IS NOT TRUE
    OFFSET 0
  ) AND EXISTS (
    SELECT 1
    FROM "workspace_default"."activity" AS t10
    WHERE t10."personId" = t7.c1 AND t10."deletedAt" IS NULL
    OFFSET 0
  )
  LIMIT 2
)
,t13 AS (SELECT count(*) AS hits FROM t11 AS t12)
SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t24
  WHERE t24."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."opportunity" AS t25
    WHERE t25."personId" = t24."id" AND t25."deletedAt" IS NULL AND t25."stage" = $1::text AND t25."amount" >
      $2::numeric
  ) AND NOT EXISTS (
    SELECT 1
    FROM "workspace_default"."activity" AS t26
    WHERE t26."personId" = t24."id" AND t26."deletedAt" IS NULL AND t26."type" <> $3::text IS NOT TRUE
  ) AND EXISTS (
    SELECT 1
    FROM "workspace_default"."activity" AS t27
    WHERE t27."personId" = t24."id" AND t27."deletedAt" IS NULL
  )
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"firstName":' || COALESCE(to_json(t21.c0)::text,'null') || ',"opportunities":' || (
      SELECT '{"edges":[' || COALESCE(
        string_agg(
          '{"node":{"stage":' || COALESCE(to_json(t23.c0)::text,'null') || ',"amount":' || COALESCE(
            to_json(t23.c1)::text,'null'
          ) || '}}',','
        ),''
      ) || ']}'
      FROM (
        SELECT t22."stage" AS c0,t22."amount" AS c1
        FROM "workspace_default"."opportunity" AS t22
        WHERE t22."personId" = t21.c1 AND t22."deletedAt" IS NULL
        ORDER BY t22."id"
        LIMIT 60
      ) AS t23
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  (SELECT t14.c0,t14.c1,t14.k0 FROM t11 AS t14)
  UNION ALL (
    SELECT t19.c0,t19.c1,t19.k0
    FROM (
      SELECT t0."firstName" AS c0,t0."id" AS c1,t0."createdAt" AS k0
      FROM "workspace_default"."person" AS t0
      WHERE t0."deletedAt" IS NULL AND NOT EXISTS (
        SELECT 1
        FROM "workspace_default"."activity" AS t16
        WHERE t16."personId" = t0."id" AND t16."deletedAt" IS NULL AND t16."type" <> (SELECT $3::text) IS NOT
          TRUE
      ) AND EXISTS (
        SELECT 1
        FROM "workspace_default"."activity" AS t17
        WHERE t17."personId" = t0."id" AND t17."deletedAt" IS NULL
      ) AND t0."id" = ANY(
        ARRAY(
          SELECT t18."personId"
          FROM "workspace_default"."opportunity" AS t18
          WHERE t18."deletedAt" IS NULL AND t18."stage" = (SELECT $1::text) AND t18."amount" > (
            SELECT $2::numeric
          )
        )
      ) AND (SELECT t15.hits < 2 FROM t13 AS t15)
      OFFSET 0
    ) AS t19
    ORDER BY k0 DESC,c1 DESC
    LIMIT 2
    OFFSET (SELECT t20.hits FROM t13 AS t20)
  )
  LIMIT 2
) AS t21;
