WITH t6 AS (
  SELECT t5.o,t5.k,t5.r
  FROM (
    SELECT 'company'::text AS o,t1.k AS k,round(
      (
        1 + (
          fieldstone.likeness((SELECT fieldstone.text_fold_1($1::text)),t1.l) + ts_rank(
            t1.w,(SELECT to_tsquery('simple'::regconfig,$2::text))
          )
        ) / 2
      )::numeric,6
    ) AS r
    FROM (
      SELECT t0."id" AS k,fieldstone.text_fold_1(left(COALESCE(t0."name",''),200)) AS l,fieldstone.search_words_2(
        left(COALESCE(t0."name",''),25000) || ' ' || left(COALESCE(t0."website",''),25000)
      ) AS w
      FROM "workspace_default"."company" AS t0
      WHERE fieldstone.text_fold_1(
        left(COALESCE(t0."name",''),25000) || ' ' || left(COALESCE(t0."website",''),25000)
      ) LIKE ALL($3::text[]) AND fieldstone.search_words_2(
        left(COALESCE(t0."name",''),25000) || ' ' || left(COALESCE(t0."website",''),25000)
      ) @@ (SELECT to_tsquery('simple'::regconfig,$2::text)) AND t0."deletedAt" IS NULL
      LIMIT 1000
    ) AS t1
    UNION ALL
    SELECT 'person'::text AS o,t4.k AS k,round(
      (
        1 + (
          fieldstone.likeness((SELECT fieldstone.text_fold_1($1::text)),t4.l) + ts_rank(
            t4.w,(SELECT to_tsquery('simple'::regconfig,$2::text))
          )
        ) / 2
      )::numeric,6
    ) AS r
    FROM (
      SELECT t2."id" AS k,fieldstone.text_fold_1(
        left(COALESCE(t2."firstName",''),200) || ' ' || left(COALESCE(t2."lastName",''),200) || ' ' || left(
          COALESCE(t2."email",''),200
        )
      ) AS l,fieldstone.search_words_2(
        left(COALESCE(t2."firstName",''),8333) || ' ' || left(COALESCE(t2."lastName",''),8333) || ' ' || left(
          COALESCE(t2."email",''),8333
        ) || ' ' || left(COALESCE(t2."phone",''),8333) || ' ' || left(COALESCE(t2."jobTitle",''),8333) || ' '
          || left(COALESCE(t2."city",''),8333)
      ) AS w
      FROM "workspace_default"."person" AS t2
      WHERE (
        SELECT fieldstone.text_fold_1(t3.joined)
        FROM (
          SELECT left(COALESCE(t2."firstName",''),8333) || ' ' || left(COALESCE(t2."lastName",''),8333) || ' '
            || left(COALESCE(t2."email",''),8333) || ' ' || left(COALESCE(t2."phone",''),8333) || ' ' || left(
            COALESCE(t2."jobTitle",''),8333
          ) || ' ' || left(COALESCE(t2."city",''),8333) AS joined
          OFFSET 0
        ) AS t3
      ) LIKE ALL($3::text[]) AND fieldstone.search_words_2(
        left(COALESCE(t2."firstName",''),8333) || ' ' || left(COALESCE(t2."lastName",''),8333) || ' ' || left(
          COALESCE(t2."email",''),8333
        ) || ' ' || left(COALESCE(t2."phone",''),8333) || ' ' || left(COALESCE(t2."jobTitle",''),8333) || ' '
          || left(COALESCE(t2."city",''),8333)
      ) @@ (SELECT to_tsquery('simple'::regconfig,$2::text)) AND t2."deletedAt" IS NULL
      LIMIT 1000
    ) AS t4
  ) AS t5
)
SELECT '{"search":{"edges":[' || fieldstone.within_limit(
  COALESCE(
    string_agg(
      '{"cursor":"' || encode(
        '\x067365617263680401010102'::bytea || textsend(md5($1::text)) || '\x00'::bytea || textsend(
          t15.r::text
        ) || '\x00'::bytea || textsend(t15.o) || '\x00'::bytea || uuid_send(t15.k),'hex'
      ) || md5(
        '\x067365617263680401010102'::bytea || textsend(md5($1::text)) || '\x00'::bytea || textsend(
          t15.r::text
        ) || '\x00'::bytea || textsend(t15.o) || '\x00'::bytea || uuid_send(t15.k)
      ) || '","node":{"object":"' || t15.o || '","rank":' || to_json(trim_scale(t15.r))::text || ',"snippet":'
        || COALESCE(
        (
          SELECT to_json(
            btrim(
              ts_headline(
                'fieldstone.words'::regconfig,replace(
                  replace(
                    replace(
                      replace(
                        replace(
                          (
                            left(COALESCE(t16."name",''),10000) || ' ' || left(
                              COALESCE(t16."website",''),10000
                            )
                          ),'&','&amp;'
                        ),'<','&lt;'
                      ),'>','&gt;'
                    ),'"','&quot;'
                  ),'''','&#39;'
                ),(SELECT to_tsquery('fieldstone.words'::regconfig,$2::text)),
                  'StartSel=<b>,StopSel=</b>,MinWords=20,MaxWords=40'
              )
            )
          )::text
          FROM "workspace_default"."company" AS t16
          WHERE t15.o = 'company' AND t16."id" = t15.k
        ),(
          SELECT to_json(
            btrim(
              ts_headline(
                'fieldstone.words'::regconfig,replace(
                  replace(
                    replace(
                      replace(
                        replace(
                          (
                            left(COALESCE(t17."firstName",''),3333) || ' ' || left(
                              COALESCE(t17."lastName",''),3333
                            ) || ' ' || left(COALESCE(t17."email",''),3333) || ' ' || left(
                              COALESCE(t17."phone",''),3333
                            ) || ' ' || left(COALESCE(t17."jobTitle",''),3333) || ' ' || left(
                              COALESCE(t17."city",''),3333
                            )
                          ),'&','&amp;'
                        ),'<','&lt;'
                      ),'>','&gt;'
                    ),'"','&quot;'
                  ),'''','&#39;'
                ),(SELECT to_tsquery('fieldstone.words'::regconfig,$2::text)),
                  'StartSel=<b>,StopSel=</b>,MinWords=20,MaxWords=40'
              )
            )
          )::text
          FROM "workspace_default"."person" AS t17
          WHERE t15.o = 'person' AND t17."id" = t15.k
        ),'""'::text
      ) || ',"record":' || COALESCE(
        (
          SELECT '{"__typename":"Company","name":' || COALESCE(to_json(t18."name")::text,'null') || '}'
          FROM "workspace_default"."company" AS t18
          WHERE t15.o = 'company' AND t18."id" = t15.k
        ),(
          SELECT '{"__typename":"Person","firstName":' || COALESCE(to_json(t19."firstName")::text,'null') ||
            ',"company":' || COALESCE(
            (
              SELECT '{"name":' || COALESCE(to_json(t20."name")::text,'null') || '}'
              FROM "workspace_default"."company" AS t20
              WHERE t20."id" = t19."companyId" AND t20."deletedAt" IS NULL
            ),'null'
          ) || '}'
          FROM "workspace_default"."person" AS t19
          WHERE t15.o = 'person' AND t19."id" = t15.k
        ),'null'::text
      ) || '}}',','
      ORDER BY t15.n
    ) FILTER (WHERE t15.n <= 2),''
  ),0,67108864
) || (
  '],"pageInfo":{"hasNextPage":' || (count(*) > 2)::text || ',"endCursor":' || COALESCE(
    min(
      '"' || encode(
        '\x067365617263680401010102'::bytea || textsend(md5($1::text)) || '\x00'::bytea || textsend(
          t15.r::text
        ) || '\x00'::bytea || textsend(t15.o) || '\x00'::bytea || uuid_send(t15.k),'hex'
      ) || md5(
        '\x067365617263680401010102'::bytea || textsend(md5($1::text)) || '\x00'::bytea || textsend(
          t15.r::text
        ) || '\x00'::bytea || textsend(t15.o) || '\x00'::bytea || uuid_send(t15.k)
      ) || '"'
    ) FILTER (WHERE t15.n = least(t15.c,2)),'null'
  ) || '}}}'
)
FROM (
  SELECT t14.o,t14.k,t14.r,row_number() OVER (ORDER BY t14.r DESC,t14.o COLLATE "C",t14.k) AS n,count(*) OVER
    () AS c
  FROM (
    SELECT o,k,r
    FROM t6 AS t13
    UNION ALL
    SELECT 'company'::text AS o,t9.k AS k,round(
      (fieldstone.likeness((SELECT fieldstone.text_fold_1($1::text)),t9.l))::numeric,6
    ) AS r
    FROM (
      SELECT t7."id" AS k,fieldstone.text_fold_1(left(COALESCE(t7."name",''),200)) AS l
      FROM "workspace_default"."company" AS t7
      WHERE (SELECT count(*) FROM t6 AS t8) < 20 AND fieldstone.is_like(
        (SELECT fieldstone.text_fold_1($1::text)),fieldstone.text_fold_1(left(COALESCE(t7."name",''),200))
      ) AND NOT fieldstone.search_words_2(
        left(COALESCE(t7."name",''),25000) || ' ' || left(COALESCE(t7."website",''),25000)
      ) @@ (SELECT to_tsquery('simple'::regconfig,$2::text)) AND t7."deletedAt" IS NULL
      LIMIT 1000
    ) AS t9
    UNION ALL
    SELECT 'person'::text AS o,t12.k AS k,round(
      (fieldstone.likeness((SELECT fieldstone.text_fold_1($1::text)),t12.l))::numeric,6
    ) AS r
    FROM (
      SELECT t10."id" AS k,fieldstone.text_fold_1(
        left(COALESCE(t10."firstName",''),200) || ' ' || left(COALESCE(t10."lastName",''),200) || ' ' || left(
          COALESCE(t10."email",''),200
        )
      ) AS l
      FROM "workspace_default"."person" AS t10
      WHERE (SELECT count(*) FROM t6 AS t11) < 20 AND fieldstone.is_like(
        (SELECT fieldstone.text_fold_1($1::text)),fieldstone.text_fold_1(
          left(COALESCE(t10."firstName",''),200) || ' ' || left(COALESCE(t10."lastName",''),200) || ' ' ||
            left(COALESCE(t10."email",''),200)
        )
      ) AND NOT fieldstone.search_words_2(
        left(COALESCE(t10."firstName",''),8333) || ' ' || left(COALESCE(t10."lastName",''),8333) || ' ' ||
          left(COALESCE(t10."email",''),8333) || ' ' || left(COALESCE(t10."phone",''),8333) || ' ' || left(
          COALESCE(t10."jobTitle",''),8333
        ) || ' ' || left(COALESCE(t10."city",''),8333)
      ) @@ (SELECT to_tsquery('simple'::regconfig,$2::text)) AND t10."deletedAt" IS NULL
      LIMIT 1000
    ) AS t12
  ) AS t14
  ORDER BY t14.r DESC,t14.o COLLATE "C",t14.k
  LIMIT 3
) AS t15;
