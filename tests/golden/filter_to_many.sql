WITH t9 AS (
  SELECT count(*) AS hits
  FROM (
    SELECT 1 AS hit
    FROM (
      (
        SELECT t0."deletedAt" AS c0,t0."id" AS c1
        FROM "workspace_default"."person" AS t0
        ORDER BY t0."createdAt" DESC,t0."id" DESC
        LIMIT 256
      )
      UNION ALL (
        SELECT t0."deletedAt" AS c0,t0."id" AS c1
        FROM "workspace_default"."person" AS t0
        WHERE (
          SELECT pg_relation_size('"workspace_default"."opportunity"'::regclass) >= 8388608 AND
            pg_relation_size('"workspace_default"."opportunity"'::regclass) <= 4 * pg_relation_size(
            '"workspace_default"."person"'::regclass
          )
        )
        ORDER BY t0."createdAt" DESC,t0."id" DESC
        LIMIT 3840
        OFFSET 256
      )
    ) AS t4
    WHERE t4.c0 IS NULL AND EXISTS (
      SELECT 1
      FROM "workspace_default"."opportunity" AS t5
      WHERE t5."personId" = t4.c1 AND t5."deletedAt" IS NULL AND t5."stage" = (SELECT $1::text) AND t5."amount"
        > (SELECT $2::numeric)
      OFFSET 0
    ) AND NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."activity" AS t6
      WHERE t6."personId" = t4.c1 AND t6."deletedAt" IS NULL AND t6."type" <> (SELECT $3::text) IS NOT TRUE
      OFFSET 0
    ) AND EXISTS (
      SELECT 1
      FROM "workspace_default"."activity" AS t7
      WHERE t7."personId" = t4.c1 AND t7."deletedAt" IS NULL
      OFFSET 0
    )
    LIMIT 3
  ) AS t8
)
SELECT '{"people":{"totalCount":' || (
  SELECT count(*)::text
  FROM "workspace_default"."person" AS t18
  WHERE t18."deletedAt" IS NULL AND EXISTS (
    SELECT 1
    FROM "workspace_default"."opportunity" AS t19
    WHERE t19."personId" = t18."id" AND t19."deletedAt" IS NULL AND t19."stage" = $1::text AND t19."amount" >
      $2::numeric
  ) AND NOT EXISTS (
    SELECT 1
    FROM "workspace_default"."activity" AS t20
    WHERE t20."personId" = t18."id" AND t20."deletedAt" IS NULL AND t20."type" <> $3::text IS NOT TRUE
  ) AND EXISTS (
    SELECT 1
    FROM "workspace_default"."activity" AS t21
    WHERE t21."personId" = t18."id" AND t21."deletedAt" IS NULL
  )
) || ',"edges":[' || COALESCE(
  string_agg(
    '{"node":{"firstName":' || COALESCE(to_json(t15.c0)::text,'null') || ',"opportunities":' || (
      SELECT '{"edges":[' || COALESCE(
        string_agg(
          '{"node":{"stage":' || COALESCE(to_json(t17.c0)::text,'null') || ',"amount":' || COALESCE(
            to_json(t17.c1)::text,'null'
          ) || '}}',','
        ),''
      ) || ']}'
      FROM (
        SELECT t16."stage" AS c0,t16."amount" AS c1
        FROM "workspace_default"."opportunity" AS t16
        WHERE t16."personId" = t15.c1 AND t16."deletedAt" IS NULL
        ORDER BY t16."id"
        LIMIT 60
      ) AS t17
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  (
    SELECT t0."firstName" AS c0,t0."id" AS c1,t0."createdAt" AS k0,t0."id" AS k1
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL AND EXISTS (
      SELECT 1
      FROM "workspace_default"."opportunity" AS t1
      WHERE t1."personId" = t0."id" AND t1."deletedAt" IS NULL AND t1."stage" = (SELECT $1::text) AND t1."amount"
        > (SELECT $2::numeric)
      OFFSET 0
    ) AND NOT EXISTS (
      SELECT 1
      FROM "workspace_default"."activity" AS t2
      WHERE t2."personId" = t0."id" AND t2."deletedAt" IS NULL AND t2."type" <> (SELECT $3::text) IS NOT TRUE
      OFFSET 0
    ) AND EXISTS (
      SELECT 1
      FROM "workspace_default"."activity" AS t3
      WHERE t3."personId" = t0."id" AND t3."deletedAt" IS NULL
      OFFSET 0
    ) AND (SELECT t10.hits FROM t9 AS t10) >= 3
    ORDER BY t0."createdAt" DESC,t0."id" DESC
    LIMIT 2
  )
  UNION ALL (
    SELECT t0."firstName" AS c0,t0."id" AS c1,t0."createdAt" AS k0,t0."id" AS k1
    FROM (
      SELECT t0.*
      FROM "workspace_default"."person" AS t0
      WHERE t0."deletedAt" IS NULL AND NOT EXISTS (
        SELECT 1
        FROM "workspace_default"."activity" AS t12
        WHERE t12."personId" = t0."id" AND t12."deletedAt" IS NULL AND t12."type" <> (SELECT $3::text) IS NOT
          TRUE
      ) AND EXISTS (
        SELECT 1
        FROM "workspace_default"."activity" AS t13
        WHERE t13."personId" = t0."id" AND t13."deletedAt" IS NULL
      ) AND t0."id" = ANY(
        ARRAY(
          SELECT t14."personId"
          FROM "workspace_default"."opportunity" AS t14
          WHERE t14."deletedAt" IS NULL AND t14."stage" = (SELECT $1::text) AND t14."amount" > (
            SELECT $2::numeric
          )
        )
      ) AND (SELECT t11.hits FROM t9 AS t11) < 3
      OFFSET 0
    ) AS t0
    ORDER BY t0."createdAt" DESC,t0."id" DESC
    LIMIT 2
  )
  ORDER BY k0 DESC,k1 DESC
  LIMIT 2
) AS t15;
