SELECT '{"activitiesGroupBy":[' || COALESCE(
  string_agg(
    '{"key":{"week":{"date":' || COALESCE(to_json(t3."k0")::text,'null') || '},"hour":{"dateTime":' ||
      COALESCE(left(to_json(timezone('UTC',t3."k1"))::text,(-1)) || 'Z"','null') || '}},"count":' || t3."m0"::text
      || '}',','
    ORDER BY t3."number"
  ),''
) || ']}'
FROM (
  SELECT t2.*,row_number() OVER () AS number
  FROM (
    SELECT t1.*
    FROM (
      SELECT CASE WHEN t0."dueAt" IS NOT NULL THEN greatest(
        date_trunc('week',(least(timezone($1::text,t0."dueAt"),'9999-12-31'::date)::date - 6)::timestamp)::date
          + 6,'0001-01-01'::date
      ) END AS k0,CASE WHEN t0."dueAt" IS NOT NULL THEN greatest(
        date_trunc('hour',t0."dueAt",$2::text),'0001-01-01 00:00+00'::timestamptz
      ) END AS k1,count(*) AS m0
      FROM "workspace_default"."activity" AS t0
      WHERE t0."deletedAt" IS NULL AND timezone($1::text,now()) IS NOT NULL AND timezone($2::text,now()) IS
        NOT NULL
      GROUP BY 1,2
    ) AS t1
    ORDER BY t1."m0" DESC,t1."k0",t1."k1"
    LIMIT 2
  ) AS t2
) AS t3;
