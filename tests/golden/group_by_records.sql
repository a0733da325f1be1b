WITH t4 AS (
  SELECT t3.*,row_number() OVER () AS number,ARRAY[t3.k0::text,t3.k1::text] AS identity
  FROM (
    SELECT t2.*
    FROM (
      SELECT t1."name" AS k0,trim_scale(
        t0."position"::text::numeric - mod(
          mod(t0."position"::text::numeric,$1::numeric) + $1::numeric,$1::numeric
        )
      ) AS k1,count(*) AS m0
      FROM "workspace_default"."person" AS t0
      LEFT JOIN "workspace_default"."company" AS t1 ON t1."id" = t0."companyId" AND t1."deletedAt" IS NULL
      WHERE t0."deletedAt" IS NULL
      GROUP BY 1,2
    ) AS t2
    ORDER BY t2."m0" DESC,(fieldstone.text_key_1(t2."k0") COLLATE "C"),t2."k1",t2."k0"
    LIMIT 2
  ) AS t3
)
SELECT '{"peopleGroupBy":[' || COALESCE(
  string_agg(
    '{"key":{"company":{"name":' || COALESCE(to_json(t5."k0")::text,'null') || '},"position":' || COALESCE(
      to_json(trim_scale(t5."k1"))::text,'null'
    ) || '},"count":' || t5."m0"::text || ',"records":{"totalCount":' || t5."m0"::text || ',"edges":' || t11.c0
      || (',"pageInfo":' || t11.c1 || '}}'),','
    ORDER BY t5."number"
  ),''
) || ']}'
FROM t4 AS t5
JOIN (
  SELECT t10.gid AS gid,'[' || COALESCE(
    string_agg(
      '{"node":{"lastName":' || COALESCE(to_json(t10.c0)::text,'null') || ',"company":' || COALESCE(
        (
          SELECT '{"name":' || COALESCE(to_json(t12."name")::text,'null') || '}'
          FROM "workspace_default"."company" AS t12
          WHERE t12."id" = t10.c1 AND t12."deletedAt" IS NULL
        ),'null'
      ) || '},"cursor":"' || encode(t10.place,'hex') || md5(t10.place) || '"}',','
      ORDER BY t10.number
    ) FILTER (WHERE t10.number <= 2),''
  ) || ']' AS c0,'{"hasNextPage":' || (count(*) > 2)::text || ',"endCursor":' || COALESCE(
    min('"' || encode(t10.place,'hex') || md5(t10.place) || '"') FILTER
      (WHERE t10.number = least(t10.total,2)),'null'
  ) || '}' AS c1
  FROM (
    SELECT t9.*
    FROM (
      SELECT t7.number AS gid,t7.m0 AS total,t6."lastName" AS c0,t6."companyId" AS c1,row_number() OVER (
        PARTITION BY t7.number
        ORDER BY (fieldstone.text_key_1(t6."lastName") COLLATE "C"),t6."id"
      ) AS number,CASE WHEN row_number() OVER (
        PARTITION BY t7.number
        ORDER BY (fieldstone.text_key_1(t6."lastName") COLLATE "C"),t6."id"
      ) <= 2 THEN '\x08663034386164303502'::bytea || CASE WHEN (
        fieldstone.text_key_1(t6."lastName") COLLATE "C"
      ) IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea END || '\x02'::bytea || COALESCE(
        textsend(
          substr(
            (fieldstone.text_key_1(t6."lastName") COLLATE "C"),strpos(
              (fieldstone.text_key_1(t6."lastName") COLLATE "C"),E'\x01'
            ) + 1
          )
        ) || '\x00'::bytea,'\x'::bytea
      ) || uuid_send(t6."id") END AS place
      FROM "workspace_default"."person" AS t6
      LEFT JOIN "workspace_default"."company" AS t8 ON t8."id" = t6."companyId" AND t8."deletedAt" IS NULL
      JOIN t4 AS t7 ON ARRAY[
        t8."name"::text,trim_scale(
          t6."position"::text::numeric - mod(
            mod(t6."position"::text::numeric,$1::numeric) + $1::numeric,$1::numeric
          )
        )::text
      ] = t7.identity
      WHERE t6."deletedAt" IS NULL
    ) AS t9
    WHERE t9.number <= 3
  ) AS t10
  GROUP BY 1
) AS t11 ON t11.gid = t5.number;
