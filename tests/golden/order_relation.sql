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
  SELECT t2.*,row_number() OVER () AS number,'\x08646531313564303403'::bytea || CASE WHEN t2.k0 IS NULL THEN
    '\x00'::bytea ELSE '\x01'::bytea END || CASE WHEN t2.k1 IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea END
    || '\x02'::bytea || COALESCE(textsend(t2.k0) || '\x00'::bytea,'\x'::bytea) || COALESCE(
    textsend(t2.k1) || '\x00'::bytea,'\x'::bytea
  ) || uuid_send(t2.k2) AS place
  FROM (
    SELECT t0."lastName" AS c0,t0."companyId" AS c1,t1."name" AS k0,t0."lastName" AS k1,t0."id" AS k2
    FROM "workspace_default"."person" AS t0
    LEFT JOIN "workspace_default"."company" AS t1 ON t1."id" = t0."companyId" AND t1."deletedAt" IS NULL
    WHERE t0."deletedAt" IS NULL
    ORDER BY t1."name" DESC,t0."lastName",t0."id"
    LIMIT 3
  ) AS t2
) AS t3;
