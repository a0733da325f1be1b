SELECT '{"opportunitiesGroupBy":[' || COALESCE(
  string_agg(
    '{"key":{"stage":' || COALESCE(to_json(t3."k0")::text,'null') || ',"closeDate":{"date":' || COALESCE(
      to_json(t3."k1")::text,'null'
    ) || '}},"groupByDimensionValues":[' || COALESCE(to_json(t3."k0")::text,'null') || ',' || COALESCE(
      to_json(t3."k1")::text,'null'
    ) || '],"cursor":"' || encode(t3."place",'hex') || md5(t3."place") || '","count":' || t3."m0"::text ||
      ',"sum":{"amount":' || COALESCE(to_json(trim_scale(t3."m1"))::text,'null') || '},"avg":{"amount":' ||
      COALESCE(to_json(trim_scale(t3."m2"))::text,'null') || '},"max":{"closeDate":' || COALESCE(
      to_json(t3."m3")::text,'null'
    ) || '}}',','
    ORDER BY t3."number"
  ),''
) || ']}'
FROM (
  SELECT t2.*,row_number() OVER () AS number,'\x08626439363630613603'::bytea || CASE WHEN array_position(
    ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[],t2."k0"
  ) IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea END || CASE WHEN t2."m1" IS NULL THEN '\x00'::bytea ELSE
    '\x01'::bytea END || CASE WHEN t2."k1" IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea END || COALESCE(
    textsend(
      (ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[])[
        array_position(ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[],t2."k0")
      ]
    ) || '\x00'::bytea,'\x'::bytea
  ) || COALESCE(textsend(t2."m1"::text) || '\x00'::bytea,'\x'::bytea) || COALESCE(
    textsend(t2."k1"::text) || '\x00'::bytea,'\x'::bytea
  ) AS place
  FROM (
    SELECT t1.*
    FROM (
      SELECT t0."stage" AS k0,date_trunc('quarter',t0."closeDate"::date::timestamp)::date AS k1,count(*) AS m0,
        sum(t0."amount") AS m1,avg(t0."amount") AS m2,max(t0."closeDate") AS m3
      FROM "workspace_default"."opportunity" AS t0
      WHERE t0."deletedAt" IS NULL AND t0."amount" > $1::numeric
      GROUP BY 1,2
    ) AS t1
    WHERE t1."m0" >= $2::integer
    ORDER BY array_position(ARRAY['NEW','SCREENING','MEETING','PROPOSAL','CUSTOMER']::text[],t1."k0") DESC,t1."m1"
      DESC,t1."k1"
    LIMIT 4
  ) AS t2
) AS t3;
