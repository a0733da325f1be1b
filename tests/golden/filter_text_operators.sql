SELECT '{"a":{"totalCount":' || count(*)::text || '},"b":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t1
  WHERE t1."deletedAt" IS NULL AND t1."lastName" ILIKE $2::text
) || ',"c":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t2
  WHERE t2."deletedAt" IS NULL AND (fieldstone.text_key_1(t2."lastName") COLLATE "C") >= (
    SELECT fieldstone.text_low_1($3::text,true)
  ) AND (fieldstone.text_key_1(t2."lastName") COLLATE "C") < (SELECT fieldstone.text_high_1($3::text,true))
    AND fieldstone.text_fold_1(t2."lastName") = (SELECT fieldstone.text_fold_1($3::text))
) || ',"d":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t3
  WHERE t3."deletedAt" IS NULL AND (fieldstone.text_key_1(t3."lastName") COLLATE "C") >= (
    SELECT fieldstone.text_low_1($4::text,false)
  ) AND (fieldstone.text_key_1(t3."lastName") COLLATE "C") < (SELECT fieldstone.text_high_1($4::text,false))
    AND fieldstone.text_fold_1(t3."lastName") LIKE (
    SELECT regexp_replace(fieldstone.text_fold_1($4::text),'([\\%_])','\\\1','g') || '%'
  ) AND fieldstone.text_fold_1(t3."lastName") LIKE (
    SELECT '%' || regexp_replace(fieldstone.text_fold_1($5::text),'([\\%_])','\\\1','g')
  )
) || ',"e":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t4
  WHERE t4."deletedAt" IS NULL AND (fieldstone.text_key_1(t4."lastName") COLLATE "C") > (
    SELECT (fieldstone.text_key_1($6::text) COLLATE "C")
  ) AND (fieldstone.text_key_1(t4."lastName") COLLATE "C") <= (
    SELECT (fieldstone.text_key_1($7::text) COLLATE "C")
  )
) || ',"f":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t5
  WHERE t5."deletedAt" IS NULL AND (fieldstone.text_key_1(t5."lastName") COLLATE "C") = ANY(
    ARRAY(SELECT (fieldstone.text_key_1(e.v) COLLATE "C") FROM unnest($8::text[]) AS e(v))
  ) AND t5."lastName" = ANY($8::text[])
) || ',"g":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t6
  WHERE t6."deletedAt" IS NULL AND t6."lastName" <> ALL($9::text[])
) || ',"h":' || (
  SELECT '{"totalCount":' || count(*)::text || '}'
  FROM "workspace_default"."person" AS t7
  WHERE t7."deletedAt" IS NULL AND t7."lastName" <> $10::text
) || '}'
FROM "workspace_default"."person" AS t0
WHERE t0."deletedAt" IS NULL AND t0."lastName" LIKE $1::text;
