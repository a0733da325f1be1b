SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"cursor":"' || encode(t3.place,'hex') || md5(t3.place) || '","node":{"lastName":' || COALESCE(
      to_json(t3.c0)::text,'null'
    ) || ',"company":' || COALESCE(
      (
        SELECT '{"name":' || COALESCE(to_json(t4."name")::text,'null') || '}'
        FROM "workspace_default"."company" AS t4
        WHERE t4."id" = t3.c1 AND t4."deletedAt" IS NULL
      ),'null'
    ) || '}}',','
  ),''
) || ']}}'
FROM (
  SELECT t2.*,row_number() OVER () AS number,'\x08323535353762623303'::bytea || CASE WHEN t2.k0 IS NULL THEN
    '\x00'::bytea ELSE '\x01'::bytea END || CASE WHEN t2.k1 IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea END
    || '\x02'::bytea || COALESCE(
    textsend(substr(t2.k0,strpos(t2.k0,E'\x01') + 1)) || '\x00'::bytea,'\x'::bytea
  ) || COALESCE(textsend(substr(t2.k1,strpos(t2.k1,E'\x01') + 1)) || '\x00'::bytea,'\x'::bytea) || uuid_send(
    t2.k2
  ) AS place
  FROM (
    SELECT t0."lastName" AS c0,t0."companyId" AS c1,(fieldstone.text_key_1(t1."name") COLLATE "C") AS k0,(
      fieldstone.text_key_1(t0."lastName") COLLATE "C"
    ) AS k1,t0."id" AS k2
    FROM "workspace_default"."person" AS t0
    LEFT JOIN "workspace_default"."company" AS t1 ON t1."id" = t0."companyId" AND t1."deletedAt" IS NULL
    WHERE t0."deletedAt" IS NULL
    ORDER BY (fieldstone.text_key_1(t1."name") COLLATE "C") DESC,(
      fieldstone.text_key_1(t0."lastName") COLLATE "C"
    ),t0."id"
    LIMIT 3
  ) AS t2
) AS t3;
