WITH t5 AS (
  SELECT t4.o,t4.k,t4.r
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
      SELECT t0."id" AS k,fieldstone.text_fold_1(left(COALESCE(t0."name",''),200)) AS l,fieldstone.search_words_1(
        left(COALESCE(t0."name",''),25000) || ' ' || left(COALESCE(t0."website",''),25000)
      ) AS w
      FROM "workspace_default"."company" AS t0
      WHERE fieldstone.text_fold_1(
        left(COALESCE(t0."name",''),25000) || ' ' || left(COALESCE(t0."website",''),25000)
      ) LIKE ALL($3::text[]) AND fieldstone.search_words_1(
        left(COALESCE(t0."name",''),25000) || ' ' || left(COALESCE(t0."website",''),25000)
      ) @@ (SELECT to_tsquery('simple'::regconfig,$2::text)) AND t0."deletedAt" IS NULL
      LIMIT 1000
    ) AS t1
    UNION ALL
    SELECT 'person'::text AS o,t3.k AS k,round(
      (
        1 + (
          fieldstone.likeness((SELECT fieldstone.text_fold_1($1::text)),t3.l) + ts_rank(
            t3.w,(SELECT to_tsquery('simple'::regconfig,$2::text))
          )
        ) / 2
      )::numeric,6
    ) AS r
    FROM (
      SELECT t2."id" AS k,fieldstone.text_fold_1(
        left(COALESCE(t2."firstName",''),200) || ' ' || left(COALESCE(t2."lastName",''),200) || ' ' || left(
          COALESCE(t2."email",''),200
        )
      ) AS l,fieldstone.search_words_1(
        left(COALESCE(t2."firstName",''),8333) || ' ' || left(COALESCE(t2."lastName",''),8333) || ' ' || left(
          COALESCE(t2."email",''),8333
        ) || ' ' || left(COALESCE(t2."phone",''),8333) || ' ' || left(COALESCE(t2."jobTitle",''),8333) || ' '
          || left(COALESCE(t2."city",''),8333)
      ) AS w
      FROM "workspace_default"."person" AS t2
      WHERE fieldstone.text_fold_1(
        left(COALESCE(t2."firstName",''),8333) || ' ' || left(COALESCE(t2."lastName",''),8333) || ' ' || left(
          COALESCE(t2."email",''),8333
        ) || ' ' || left(COALESCE(t2."phone",''),8333) || ' ' || left(COALESCE(t2."jobTitle",''),8333) || ' '
          || left(COALESCE(t2."city",''),8333)
      ) LIKE ALL($3::text[]) AND fieldstone.search_words_1(
        left(COALESCE(t2."firstName",''),8333) || ' ' || left(COALESCE(t2."lastName",''),8333) || ' ' || left(
          COALESCE(t2."email",''),8333
        ) || ' ' || left(COALESCE(t2."phone",''),8333) || ' ' || left(COALESCE(t2."jobTitle",''),8333) || ' '
          || left(COALESCE(t2."city",''),8333)
      ) @@ (SELECT to_tsquery('simple'::regconfig,$2::text)) AND t2."deletedAt" IS NULL
      LIMIT 1000
    ) AS t3
  ) AS t4
)
SELECT '{"search":{"edges":[' || fieldstone.within_limit(
  COALESCE(
    string_agg(
      '{"cursor":"' || encode(
        '\x067365617263680401010102'::bytea || textsend(md5($1::text)) || '\x00'::bytea || textsend(
          t14.r::text
        ) || '\x00'::bytea || textsend(t14.o) || '\x00'::bytea || uuid_send(t14.k),'hex'
      ) || md5(
        '\x067365617263680401010102'::bytea || textsend(md5($1::text)) || '\x00'::bytea || textsend(
          t14.r::text
        ) || '\x00'::bytea || textsend(t14.o) || '\x00'::bytea || uuid_send(t14.k)
      ) || '","node":{"object":"' || t14.o || '","rank":' || to_json(trim_scale(t14.r))::text || ',"snippet":'
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
                            left(COALESCE(t15."name",''),10000) || ' ' || left(
                              COALESCE(t15."website",''),10000
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
          FROM "workspace_default"."company" AS t15
          WHERE t14.o = 'company' AND t15."id" = t14.k
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
                            left(COALESCE(t16."firstName",''),3333) || ' ' || left(
                              COALESCE(t16."lastName",''),3333
                            ) || ' ' || left(COALESCE(t16."email",''),3333) || ' ' || left(
                              COALESCE(t16."phone",''),3333
                            ) || ' ' || left(COALESCE(t16."jobTitle",''),3333) || ' ' || left(
                              COALESCE(t16."city",''),3333
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
          FROM "workspace_default"."person" AS t16
          WHERE t14.o = 'person' AND t16."id" = t14.k
        ),'""'::text
      ) || ',"record":' || COALESCE(
        (
          SELECT '{"__typename":"Company","name":' || COALESCE(to_json(t17."name")::text,'null') || '}'
          FROM "workspace_default"."company" AS t17
          WHERE t14.o = 'company' AND t17."id" = t14.k
        ),(
          SELECT '{"__typename":"Person","firstName":' || COALESCE(to_json(t18."firstName")::text,'null') ||
            ',"company":' || COALESCE(
            (
              SELECT '{"name":' || COALESCE(to_json(t19."name")::text,'null') || '}'
              FROM "workspace_default"."company" AS t19
              WHERE t19."id" = t18."companyId" AND t19."deletedAt" IS NULL
            ),'null'
          ) || '}'
          FROM "workspace_default"."person" AS t18
          WHERE t14.o = 'person' AND t18."id" = t14.k
        ),'null'::text
      ) || '}}',','
      ORDER BY t14.n
    ) FILTER (WHERE t14.n <= 2),''
  ),0,67108864
) || (
  '],"pageInfo":{"hasNextPage":' || (count(*) > 2)::text || ',"endCursor":' || COALESCE(
    min(
      '"' || encode(
        '\x067365617263680401010102'::bytea || textsend(md5($1::text)) || '\x00'::bytea || textsend(
          t14.r::text
        ) || '\x00'::bytea || textsend(t14.o) || '\x00'::bytea || uuid_send(t14.k),'hex'
      ) || md5(
        '\x067365617263680401010102'::bytea || textsend(md5($1::text)) || '\x00'::bytea || textsend(
          t14.r::text
        ) || '\x00'::bytea || textsend(t14.o) || '\x00'::bytea || uuid_send(t14.k)
      ) || '"'
    ) FILTER (WHERE t14.n = least(t14.c,2)),'null'
  ) || '}}}'
)
FROM (
  SELECT t13.o,t13.k,t13.r,row_number() OVER (ORDER BY t13.r DESC,t13.o COLLATE "C",t13.k) AS n,count(*) OVER
    () AS c
  FROM (
    SELECT o,k,r
    FROM t5 AS t12
    UNION ALL
    SELECT 'company'::text AS o,t8.k AS k,round(
      (fieldstone.likeness((SELECT fieldstone.text_fold_1($1::text)),t8.l))::numeric,6
    ) AS r
    FROM (
      SELECT t6."id" AS k,fieldstone.text_fold_1(left(COALESCE(t6."name",''),200)) AS l
      FROM "workspace_default"."company" AS t6
      WHERE (SELECT count(*) FROM t5 AS t7) < 20 AND fieldstone.is_like(
        (SELECT fieldstone.text_fold_1($1::text)),fieldstone.text_fold_1(left(COALESCE(t6."name",''),200))
      ) AND NOT fieldstone.search_words_1(
        left(COALESCE(t6."name",''),25000) || ' ' || left(COALESCE(t6."website",''),25000)
      ) @@ (SELECT to_tsquery('simple'::regconfig,$2::text)) AND t6."deletedAt" IS NULL
      LIMIT 1000
    ) AS t8
    UNION ALL
    SELECT 'person'::text AS o,t11.k AS k,round(
      (fieldstone.likeness((SELECT fieldstone.text_fold_1($1::text)),t11.l))::numeric,6
    ) AS r
    FROM (
      SELECT t9."id" AS k,fieldstone.text_fold_1(
        left(COALESCE(t9."firstName",''),200) || ' ' || left(COALESCE(t9."lastName",''),200) || ' ' || left(
          COALESCE(t9."email",''),200
        )
      ) AS l
      FROM "workspace_default"."person" AS t9
      WHERE (SELECT count(*) FROM t5 AS t10) < 20 AND fieldstone.is_like(
        (SELECT fieldstone.text_fold_1($1::text)),fieldstone.text_fold_1(
          left(COALESCE(t9."firstName",''),200) || ' ' || left(COALESCE(t9."lastName",''),200) || ' ' || left(
            COALESCE(t9."email",''),200
          )
        )
      ) AND NOT fieldstone.search_words_1(
        left(COALESCE(t9."firstName",''),8333) || ' ' || left(COALESCE(t9."lastName",''),8333) || ' ' || left(
          COALESCE(t9."email",''),8333
        ) || ' ' || left(COALESCE(t9."phone",''),8333) || ' ' || left(COALESCE(t9."jobTitle",''),8333) || ' '
          || left(COALESCE(t9."city",''),8333)
      ) @@ (SELECT to_tsquery('simple'::regconfig,$2::text)) AND t9."deletedAt" IS NULL
      LIMIT 1000
    ) AS t11
  ) AS t13
  ORDER BY t13.r DESC,t13.o COLLATE "C",t13.k
  LIMIT 3
) AS t14;
