WITH written AS (
  INSERT INTO "workspace_default"."specimen" AS t1 (
    "id","name","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "aUuid","aText","aNumber","aNumberDecimal","aNumberInt","aNumberBigint","aNumberFloat","aNumeric",
      "aBoolean","aDate","aDateTime","aSelect","aMultiSelect","aRating","aArray","aRawJson",
      "aFullNameFirstName","aFullNameLastName","aEmailsPrimaryEmail","aEmailsAdditionalEmails",
      "aPhonesPrimaryPhoneNumber","aPhonesPrimaryPhoneCountryCode","aPhonesPrimaryPhoneCallingCode",
      "aPhonesAdditionalPhones","aLinksPrimaryLinkUrl","aLinksPrimaryLinkLabel","aLinksSecondaryLinks",
      "aCurrencyAmountMicros","aCurrencyCurrencyCode","aAddressAddressStreet1","aAddressAddressStreet2",
      "aAddressAddressCity","aAddressAddressPostcode","aAddressAddressState","aAddressAddressCountry",
      "aAddressAddressLat","aAddressAddressLng","aActorSource","aActorWorkspaceMemberId","aActorName",
      "aActorContext","aRichTextMarkdown","aRichTextBlocknote","aPosition","aMorphRelationPersonId"
  )
  SELECT $1::uuid,$2::text,$3::text,$4::uuid,$5::text,$6::jsonb,$7::double precision,$8::uuid,$9::text,$10::numeric,
    $11::numeric,$12::integer,$13::bigint,$14::double precision,$15::numeric,$16::boolean,$17::date,$18::timestamptz,
    $19::text,$20::text[],$21::text,$22::text[],$23::jsonb,$24::text,$25::text,$26::text,$27::jsonb,$28::text,
    $29::text,$30::text,$31::jsonb,$32::text,$33::text,$34::jsonb,$35::bigint,$36::text,$37::text,$38::text,
    $39::text,$40::text,$41::text,$42::text,$43::numeric,$44::numeric,$45::text,$46::uuid,$47::text,$48::jsonb,
    $49::text,$50::text,$51::double precision,t0."id"
  FROM "workspace_default"."person" AS t0
  WHERE t0."email" = $52::text AND t0."deletedAt" IS NULL FOR KEY SHARE
  RETURNING t1.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'4b4410a0-4ded-5ae5-9901-31acd0bda302'::uuid,t2."id",
    'created',NULL::jsonb,to_jsonb(t2.*),$53::text
  FROM written AS t2
)
SELECT CASE WHEN t3."id" IS NULL THEN 'target_not_found:[0,0]' END AS problem,NULL::uuid[] AS ids,CASE WHEN t3."id"
  IS NOT NULL THEN '[{"aMorphRelationPerson":' || COALESCE(
  (
    SELECT '{"email":' || to_json(t4."email")::text || '}'
    FROM "workspace_default"."person" AS t4
    WHERE t4."id" = t3."aMorphRelationPersonId" AND t4."deletedAt" IS NULL
  ),'null'
) || ',"aMorphRelationCompany":' || COALESCE(
  (
    SELECT '{"name":' || COALESCE(to_json(t5."name")::text,'null') || '}'
    FROM "workspace_default"."company" AS t5
    WHERE t5."id" = t3."aMorphRelationCompanyId" AND t5."deletedAt" IS NULL
  ),'null'
) || '}]' END AS answer
FROM (SELECT) AS t6
LEFT JOIN written AS t3 ON true;
WITH found AS (
  SELECT t0."id"
  FROM "workspace_default"."specimen" AS t0
  WHERE EXISTS (
    SELECT 1
    FROM "workspace_default"."person" AS t1
    WHERE t1."id" = t0."aMorphRelationPersonId" AND t1."deletedAt" IS NULL AND (
      fieldstone.text_key_1(t1."lastName") COLLATE "C"
    ) = (SELECT (fieldstone.text_key_1($1::text) COLLATE "C")) AND t1."lastName" = $1::text
  ) AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 10001
)
,locked AS (
  SELECT t0.*
  FROM "workspace_default"."specimen" AS t0
  WHERE t0."id" = ANY(ARRAY(SELECT t2."id" FROM found AS t2)) AND (
    EXISTS (
      SELECT 1
      FROM "workspace_default"."person" AS t1
      WHERE t1."id" = t0."aMorphRelationPersonId" AND t1."deletedAt" IS NULL AND (
        fieldstone.text_key_1(t1."lastName") COLLATE "C"
      ) = (SELECT (fieldstone.text_key_1($1::text) COLLATE "C")) AND t1."lastName" = $1::text
    ) AND t0."deletedAt" IS NULL
  ) IS TRUE
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM found AS t3) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."specimen" AS t4
  SET "aMorphRelationPersonId"=NULL,"updatedAt"=now()
  WHERE t4."id" = ANY(ARRAY(SELECT t5."id" FROM locked AS t5)) AND (SELECT t6.problem FROM verdict AS t6) IS
    NULL
  RETURNING t4.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'4b4410a0-4ded-5ae5-9901-31acd0bda302'::uuid,t7."id",
    'updated',to_jsonb(t8.*),to_jsonb(t7.*),$2::text
  FROM written AS t7
  FULL JOIN locked AS t8 ON t8."id" = t7."id"
  WHERE COALESCE(t8."id" = t7."id",false)
  ORDER BY t7."id"
)
SELECT (SELECT t10.problem FROM verdict AS t10) AS problem,COALESCE(
  array_agg(t9."id" ORDER BY t9."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(
  string_agg(
    '{"aMorphRelationPersonId":' || COALESCE('"' || t9."aMorphRelationPersonId"::text || '"','null') || '}',
      ','
    ORDER BY t9."id"
  ),''
) || ']' AS answer
FROM written AS t9;
