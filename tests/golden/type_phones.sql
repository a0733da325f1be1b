WITH written AS (
  INSERT INTO "workspace_default"."specimen" AS t0 (
    "id","name","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "aUuid","aText","aNumber","aNumberDecimal","aNumberInt","aNumberBigint","aNumberFloat","aNumeric",
      "aBoolean","aDate","aDateTime","aSelect","aMultiSelect","aRating","aArray","aRawJson",
      "aFullNameFirstName","aFullNameLastName","aEmailsPrimaryEmail","aEmailsAdditionalEmails",
      "aPhonesPrimaryPhoneNumber","aPhonesPrimaryPhoneCountryCode","aPhonesPrimaryPhoneCallingCode",
      "aPhonesAdditionalPhones","aLinksPrimaryLinkUrl","aLinksPrimaryLinkLabel","aLinksSecondaryLinks",
      "aCurrencyAmountMicros","aCurrencyCurrencyCode","aAddressAddressStreet1","aAddressAddressStreet2",
      "aAddressAddressCity","aAddressAddressPostcode","aAddressAddressState","aAddressAddressCountry",
      "aAddressAddressLat","aAddressAddressLng","aActorSource","aActorWorkspaceMemberId","aActorName",
      "aActorContext","aRichTextMarkdown","aRichTextBlocknote","aPosition"
  )
  SELECT $1::uuid,$2::text,$3::text,$4::uuid,$5::text,$6::jsonb,$7::double precision,$8::uuid,$9::text,$10::numeric,
    $11::numeric,$12::integer,$13::bigint,$14::double precision,$15::numeric,$16::boolean,$17::date,$18::timestamptz,
    $19::text,$20::text[],$21::text,$22::text[],$23::jsonb,$24::text,$25::text,$26::text,$27::jsonb,$28::text,
    $29::text,$30::text,$31::jsonb,$32::text,$33::text,$34::jsonb,$35::bigint,$36::text,$37::text,$38::text,
    $39::text,$40::text,$41::text,$42::text,$43::numeric,$44::numeric,$45::text,$46::uuid,$47::text,$48::jsonb,
    $49::text,$50::text,$51::double precision
  RETURNING t0.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'4b4410a0-4ded-5ae5-9901-31acd0bda302'::uuid,t1."id",
    'created',NULL::jsonb,to_jsonb(t1.*),$52::text
  FROM written AS t1
)
SELECT NULL::text AS problem,NULL::uuid[] AS ids,CASE WHEN t2."id" IS NOT NULL THEN
  '[{"aPhones":{"primaryPhoneNumber":' || COALESCE(to_json(t2."aPhonesPrimaryPhoneNumber")::text,'null') ||
  ',"primaryPhoneCountryCode":' || COALESCE(to_json(t2."aPhonesPrimaryPhoneCountryCode")::text,'null') ||
  ',"primaryPhoneCallingCode":' || COALESCE(to_json(t2."aPhonesPrimaryPhoneCallingCode")::text,'null') ||
  ',"additionalPhones":' || COALESCE(t2."aPhonesAdditionalPhones"::text,'null') || '}}]' END AS answer
FROM (SELECT) AS t3
LEFT JOIN written AS t2 ON true;
WITH locked AS (
  SELECT t0.*
  FROM "workspace_default"."specimen" AS t0
  WHERE t0."aPhonesPrimaryPhoneCallingCode" = $1::text AND t0."deletedAt" IS NULL
  ORDER BY t0."id"
  LIMIT 10001 FOR UPDATE
)
,verdict AS (SELECT CASE WHEN (SELECT count(*) FROM locked AS t1) > 10000 THEN 'too_many' END AS problem)
,written AS (
  UPDATE "workspace_default"."specimen" AS t2
  SET "aPhonesAdditionalPhones"=NULL,"updatedAt"=now()
  WHERE t2."id" = ANY(ARRAY(SELECT t3."id" FROM locked AS t3)) AND (SELECT t4.problem FROM verdict AS t4) IS
    NULL
  RETURNING t2.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,'4b4410a0-4ded-5ae5-9901-31acd0bda302'::uuid,t5."id",
    'updated',to_jsonb(t6.*),to_jsonb(t5.*),$2::text
  FROM written AS t5
  FULL JOIN locked AS t6 ON t6."id" = t5."id"
  WHERE COALESCE(t6."id" = t5."id",false)
  ORDER BY t5."id"
)
SELECT (SELECT t8.problem FROM verdict AS t8) AS problem,COALESCE(
  array_agg(t7."id" ORDER BY t7."id"),'{}'::uuid[]
) AS ids,'[' || COALESCE(
  string_agg(
    fieldstone.within_limit(
      '{"aPhones":{"primaryPhoneNumber":' || COALESCE(to_json(t7."aPhonesPrimaryPhoneNumber")::text,'null') ||
        ',"primaryPhoneCountryCode":' || COALESCE(to_json(t7."aPhonesPrimaryPhoneCountryCode")::text,'null')
        || ',"primaryPhoneCallingCode":' || COALESCE(
        to_json(t7."aPhonesPrimaryPhoneCallingCode")::text,'null'
      ) || ',"additionalPhones":' || COALESCE(t7."aPhonesAdditionalPhones"::text,'null') || '}}',0,67108864
    ),','
    ORDER BY t7."id"
  ),''
) || ']' AS answer
FROM written AS t7;
