SELECT '{"person":' || COALESCE(
  (
    SELECT concat(
      '{"id":"',t0."id"::text,'","phone":',COALESCE(to_json(t0."phone")::text,'null'),',"company":',COALESCE(
        (
          SELECT '{"id":"' || t1."id"::text || '","website":' || COALESCE(to_json(t1."website")::text,'null')
            || '}'
          FROM "workspace_default"."company" AS t1
          WHERE t1."id" = t0."companyId" AND t1."deletedAt" IS NULL
        ),'null'
      ),',"activities":',(
        SELECT '{"edges":[' || COALESCE(
          string_agg(
            '{"node":{"id":"' || t3.c0::text || '","title":' || COALESCE(to_json(t3.c1)::text,'null') ||
              ',"type":' || COALESCE(to_json(t3.c2)::text,'null') || ',"completedAt":' || COALESCE(
              left(to_json(timezone('UTC',t3.c3))::text,(-1)) || 'Z"','null'
            ) || '}}',','
          ),''
        ) || ']}'
        FROM (
          SELECT t2."id" AS c0,t2."title" AS c1,t2."type" AS c2,t2."completedAt" AS c3
          FROM "workspace_default"."activity" AS t2
          WHERE t2."personId" = t0."id" AND t2."deletedAt" IS NULL
          ORDER BY t2."id"
          LIMIT 2
        ) AS t3
      ),',"opportunities":',(
        SELECT '{"edges":[' || COALESCE(
          string_agg(
            '{"node":{"id":"' || t5.c0::text || '","amount":' || COALESCE(to_json(t5.c1)::text,'null') ||
              ',"stage":' || COALESCE(to_json(t5.c2)::text,'null') || '}}',','
          ),''
        ) || ']}'
        FROM (
          SELECT t4."id" AS c0,t4."amount" AS c1,t4."stage" AS c2
          FROM "workspace_default"."opportunity" AS t4
          WHERE t4."personId" = t0."id" AND t4."deletedAt" IS NULL
          ORDER BY t4."id"
          LIMIT 60
        ) AS t5
      ),'}'
    )
    FROM "workspace_default"."person" AS t0
    WHERE t0."id" = $1::uuid AND t0."deletedAt" IS NULL
    LIMIT 1
  ),'null'
) || '}';
