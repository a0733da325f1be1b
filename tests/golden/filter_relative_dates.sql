SELECT '{"a":{"totalCount":' || count(*)::text || '},"b":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."opportunity" AS t1
  WHERE t1."deletedAt" IS NULL AND t1."closeDate" >= (date_trunc('quarter',(now() AT TIME ZONE $2::text)))::date
    AND t1."closeDate" < (date_trunc('quarter',(now() AT TIME ZONE $2::text)) + 1 * interval '3 months')::date
) || ',"c":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."activity" AS t2
  WHERE t2."deletedAt" IS NULL AND t2."dueAt" >= now() AND t2."dueAt" <= now() + $3::integer * interval
    '1 hour'
) || ',"d":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."activity" AS t3
  WHERE t3."deletedAt" IS NULL AND t3."dueAt" >= now() AND t3."dueAt" <= (
    ((now() AT TIME ZONE $4::text) + $5::integer * interval '1 month') AT TIME ZONE $4::text
  )
) || ',"e":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."activity" AS t4
  WHERE t4."deletedAt" IS NULL AND t4."dueAt" >= LEAST(
    (
      (
        date_trunc('week',(now() AT TIME ZONE $6::text) - $7::integer * interval '1 day') + $7::integer *
          interval '1 day'
      ) AT TIME ZONE $6::text
    ),(
      (
        date_trunc('week',(now() AT TIME ZONE $6::text) - $7::integer * interval '1 day') + $7::integer *
          interval '1 day'
      ) - interval '1 microsecond'
    ) AT TIME ZONE $6::text + interval '1 microsecond'
  ) AND t4."dueAt" < LEAST(
    (
      (
        date_trunc('week',(now() AT TIME ZONE $6::text) - $7::integer * interval '1 day') + $7::integer *
          interval '1 day' + 1 * interval '1 week'
      ) AT TIME ZONE $6::text
    ),(
      (
        date_trunc('week',(now() AT TIME ZONE $6::text) - $7::integer * interval '1 day') + $7::integer *
          interval '1 day' + 1 * interval '1 week'
      ) - interval '1 microsecond'
    ) AT TIME ZONE $6::text + interval '1 microsecond'
  )
) || ',"f":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."activity" AS t5
  WHERE t5."deletedAt" IS NULL AND t5."dueAt" >= date_trunc('hour',now(),$8::text) AND t5."dueAt" < date_trunc(
    'hour',now(),$8::text
  ) + 1 * interval '1 hour'
) || ',"g":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."activity" AS t6
  WHERE t6."deletedAt" IS NULL AND t6."dueAt" >= (
    (date_trunc('day',(now() AT TIME ZONE 'UTC'))) AT TIME ZONE 'UTC'
  ) AND t6."dueAt" <
    ((date_trunc('day',(now() AT TIME ZONE 'UTC')) + 1 * interval '1 day') AT TIME ZONE 'UTC')
) || ',"h":' || (
  SELECT '{"pageInfo":{"hasNextPage":' || (count(*) > 0)::text || '}}'
  FROM (
    SELECT 1 AS c0
    FROM "workspace_default"."activity" AS t7
    WHERE t7."deletedAt" IS NULL AND (
      t7."dueAt" < ((date_trunc('day',(now() AT TIME ZONE 'UTC'))) AT TIME ZONE 'UTC') OR t7."dueAt" >= (
        (date_trunc('day',(now() AT TIME ZONE 'UTC')) + 1 * interval '1 day') AT TIME ZONE 'UTC'
      )
    ) AND t7."dueAt" < now() AND t7."dueAt" <= now()
    ORDER BY t7."id"
    LIMIT 1
  ) AS t8
) || ',"i":' || (
  SELECT '{"pageInfo":{"hasNextPage":' || (count(*) > 0)::text || '}}'
  FROM (
    SELECT 1 AS c0
    FROM "workspace_default"."opportunity" AS t9
    WHERE t9."deletedAt" IS NULL AND t9."closeDate" <= (now() AT TIME ZONE 'UTC')::date AND (
      t9."closeDate" < (date_trunc('day',(now() AT TIME ZONE 'UTC')))::date OR t9."closeDate" >= (
        date_trunc('day',(now() AT TIME ZONE 'UTC')) + 1 * interval '1 day'
      )::date
    )
    ORDER BY t9."id"
    LIMIT 1
  ) AS t10
) || '}'
FROM "workspace_default"."opportunity" AS t0
WHERE t0."deletedAt" IS NULL AND t0."closeDate" >= (
  (now() AT TIME ZONE 'UTC') - $1::integer * interval '1 day'
)::date AND t0."closeDate" <= (now() AT TIME ZONE 'UTC')::date;
