SELECT '{"people":{"edges":[' || COALESCE(
  string_agg(
    '{"cursor":"' || encode(t2.place,'hex') || md5(t2.place) || '","node":{"city":' || COALESCE(
      to_json(t2.c0)::text,'null'
    ) || '}}',','
  ) FILTER (WHERE t2.number <= 2),''
) || (
  '],"pageInfo":{"hasNextPage":' || (count(*) > 2)::text || ',"hasPreviousPage":false,"startCursor":' ||
    COALESCE(min('"' || encode(t2.place,'hex') || md5(t2.place) || '"') FILTER (WHERE t2.number = 1),'null')
    || ',"endCursor":' || COALESCE(
    min('"' || encode(t2.place,'hex') || md5(t2.place) || '"') FILTER (WHERE t2.number = least(t2.total,2)),
      'null'
  ) || '}}}'
)
FROM (
  SELECT t1.*,row_number() OVER () AS number,'\x08626131666263313902'::bytea || CASE WHEN t1.k0 IS NULL THEN
    '\x00'::bytea ELSE '\x01'::bytea END || '\x02'::bytea || COALESCE(
    textsend(substr(t1.k0,strpos(t1.k0,E'\x01') + 1)) || '\x00'::bytea,'\x'::bytea
  ) || uuid_send(t1.k1) AS place,count(*) OVER () AS total
  FROM (
    SELECT t0."city" AS c0,(fieldstone.text_key_1(t0."city") COLLATE "C") AS k0,t0."id" AS k1
    FROM "workspace_default"."person" AS t0
    WHERE t0."deletedAt" IS NULL
    ORDER BY (fieldstone.text_key_1(t0."city") COLLATE "C"),t0."id"
    LIMIT 3
  ) AS t1
) AS t2;
