SELECT concat(
  '{"a":{"edges":[',COALESCE(
    string_agg(
      '{"node":{"aRawJson":' || COALESCE(t1.c0::text,'null') || ',"part":' || COALESCE(
        (t1.c0 #> $5::text[])::text,'null'
      ) || '}}',','
    ),''
  ),']},"b":',(
    SELECT '{"totalCount":' || count(*)::text || '}'
    FROM "workspace_default"."specimen" AS t2
    WHERE t2."deletedAt" IS NULL AND CASE WHEN jsonb_typeof(NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb))
      = 'string' AND jsonb_typeof($7::jsonb) = 'string' THEN NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb)
      #>> '{}' ILIKE $8::text ELSE NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb) @> $7::jsonb END AND CASE
      WHEN jsonb_typeof(NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb)) = 'string' THEN NULLIF(
      t2."aRawJson" #> $6::text[],'null'::jsonb
    ) #>> '{}' END ILIKE $9::text AND NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb) IS NOT NULL AND CASE
      WHEN NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb) IS NOT NULL THEN NULLIF(
      t2."aRawJson" #> $6::text[],'null'::jsonb
    ) = ANY($10::jsonb[]) END AND NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb) NOT IN (
      '{}'::jsonb,'[]'::jsonb
    ) AND NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb) ? $11::text AND jsonb_typeof(
      NULLIF(t2."aRawJson" #> $6::text[],'null'::jsonb)
    ) <> 'string'
  ),',"c":',(
    SELECT '{"totalCount":' || count(*)::text || '}'
    FROM "workspace_default"."specimen" AS t3
    WHERE t3."deletedAt" IS NULL AND t3."aRawJson" ? $12::text AND jsonb_typeof(t3."aRawJson") <> 'string' AND
      t3."aRawJson" ?| $13::text[] AND jsonb_typeof(t3."aRawJson") <> 'string' AND t3."aRawJson" ?& $14::text[]
      AND (jsonb_typeof(t3."aRawJson") <> 'string' OR cardinality($14::text[]) = 0) AND NULLIF(
      t3."aRawJson",'null'::jsonb
    ) NOT IN ('{}'::jsonb,'[]'::jsonb)
  ),',"d":',(
    SELECT '{"edges":[' || COALESCE(
      string_agg('{"cursor":"' || encode(t6.place,'hex') || md5(t6.place) || '"}',','),''
    ) || ']}'
    FROM (
      SELECT t5.*,row_number() OVER () AS number,'\x08316138353765393303'::bytea || CASE WHEN t5.k0 IS NULL
        THEN '\x00'::bytea ELSE '\x01'::bytea END || CASE WHEN t5.k1 IS NULL THEN '\x00'::bytea ELSE '\x01'::bytea
        END || '\x02'::bytea || COALESCE(textsend(t5.k0::text) || '\x00'::bytea,'\x'::bytea) || COALESCE(
        textsend(t5.k1) || '\x00'::bytea,'\x'::bytea
      ) || uuid_send(t5.k2) AS place
      FROM (
        SELECT CASE WHEN jsonb_typeof((t4."aRawJson" #> ARRAY['a']::text[])) = 'number' THEN (
          t4."aRawJson" #> ARRAY['a']::text[]
        )::numeric END AS k0,(t4."aRawJson" #>> ARRAY['b']::text[]) COLLATE "C" AS k1,t4."id" AS k2
        FROM "workspace_default"."specimen" AS t4
        WHERE t4."deletedAt" IS NULL
        ORDER BY CASE WHEN jsonb_typeof((t4."aRawJson" #> ARRAY['a']::text[])) = 'number' THEN (
          t4."aRawJson" #> ARRAY['a']::text[]
        )::numeric END,(t4."aRawJson" #>> ARRAY['b']::text[]) COLLATE "C" DESC NULLS LAST,t4."id" DESC
        LIMIT 2
      ) AS t5
    ) AS t6
  ),'}'
)
FROM (
  SELECT t0."aRawJson" AS c0
  FROM "workspace_default"."specimen" AS t0
  WHERE t0."deletedAt" IS NULL AND NULLIF(t0."aRawJson" #> $1::text[],'null'::jsonb) = $2::jsonb AND CASE
    jsonb_typeof($4::jsonb) WHEN 'string' THEN CASE WHEN jsonb_typeof(
    NULLIF(t0."aRawJson" #> $3::text[],'null'::jsonb)
  ) = 'string' THEN (NULLIF(t0."aRawJson" #> $3::text[],'null'::jsonb) #>> '{}') COLLATE "C" > (
    $4::jsonb #>> '{}'
  ) END WHEN 'number' THEN CASE WHEN jsonb_typeof(NULLIF(t0."aRawJson" #> $3::text[],'null'::jsonb)) =
    'number' THEN NULLIF(t0."aRawJson" #> $3::text[],'null'::jsonb)::numeric > ($4::jsonb)::numeric END WHEN
    'boolean' THEN CASE WHEN jsonb_typeof(NULLIF(t0."aRawJson" #> $3::text[],'null'::jsonb)) = 'boolean' THEN
    NULLIF(t0."aRawJson" #> $3::text[],'null'::jsonb)::boolean > ($4::jsonb)::boolean END END
  ORDER BY t0."id"
  LIMIT 1
) AS t1;
