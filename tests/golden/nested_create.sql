WITH written0 AS (
  INSERT INTO "workspace_default"."company" AS t0 (
    "id","name","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "website","employees","annualRevenue"
  )
  SELECT $2::uuid,$3::text,$4::text,$5::uuid,$6::text,$7::jsonb,$8::double precision,$9::text,$10::integer,$11::numeric
  RETURNING t0.*
)
,written1 AS (
  INSERT INTO "workspace_default"."person" AS t3 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position",
      "firstName","lastName","email","phone","jobTitle","city","companyId"
  )
  SELECT t2.c0,t2.c1,t2.c2,t2.c3,t2.c4,t2.c5,t2.c6,t2.c7,t2.c8,t2.c9,t2.c10,t2.c11,t2.r0
  FROM (
    SELECT t1.v0 AS c0,t1.v1 AS c1,t1.v2 AS c2,t1.v3 AS c3,t1.v4 AS c4,t1.v5 AS c5,t1.v6 AS c6,t1.v7 AS c7,t1.v8
      AS c8,t1.v9 AS c9,t1.v10 AS c10,t1.v11 AS c11,t1.v12 AS g0,t1.v12 AS r0,t1.position
    FROM ROWS
    FROM (
      json_to_recordset($12::json) AS (
        "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
          "createdByContext" jsonb,"position" double precision,"firstName" text,"lastName" text,"email" text,
          "phone" text,"jobTitle" text,"city" text,"company:known" uuid
      )
    )
    WITH ORDINALITY AS t1(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,position)
  ) AS t2
  ORDER BY t2.position
  RETURNING t3.*
)
,written2 AS (
  INSERT INTO "workspace_default"."activity" AS t6 (
    "id","createdBySource","createdByWorkspaceMemberId","createdByName","createdByContext","position","title",
      "body","type","dueAt","completedAt","personId"
  )
  SELECT t5.c0,t5.c1,t5.c2,t5.c3,t5.c4,t5.c5,t5.c6,t5.c7,t5.c8,t5.c9,t5.c10,t5.r0
  FROM (
    SELECT t4.v0 AS c0,t4.v1 AS c1,t4.v2 AS c2,t4.v3 AS c3,t4.v4 AS c4,t4.v5 AS c5,t4.v6 AS c6,t4.v7 AS c7,t4.v8
      AS c8,t4.v9 AS c9,t4.v10 AS c10,t4.v11 AS g0,t4.v11 AS r0,t4.position
    FROM ROWS
    FROM (
      json_to_recordset($13::json) AS (
        "id" uuid,"createdBySource" text,"createdByWorkspaceMemberId" uuid,"createdByName" text,
          "createdByContext" jsonb,"position" double precision,"title" text,"body" text,"type" text,"dueAt"
          timestamptz,"completedAt" timestamptz,"person:known" uuid
      )
    )
    WITH ORDINALITY AS t4(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,position)
  ) AS t5
  ORDER BY t5.position
  RETURNING t6.*
)
,event AS (
  INSERT INTO "fieldstone"."event_staging" AS event (
    "workspace_id","object_id","record_id","action","before","after","actor"
  )
  SELECT '0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e'::uuid,t10.object,t10.key,'created',NULL::jsonb,t10.after,$1::text
  FROM (
    SELECT '878b63c0-6f18-5bcb-b29c-a3eec1f1015f'::uuid AS object,t7."id" AS key,to_jsonb(t7.*) AS after
    FROM written0 AS t7
    UNION ALL
    SELECT '10846ade-694b-5846-8d24-9749b730218e'::uuid AS object,t8."id" AS key,to_jsonb(t8.*) AS after
    FROM written1 AS t8
    UNION ALL
    SELECT '7055c8aa-02ed-5ab5-bde1-48c7ced83fd4'::uuid AS object,t9."id" AS key,to_jsonb(t9.*) AS after
    FROM written2 AS t9
  ) AS t10
)
SELECT COALESCE(
  (
    SELECT '[{"name":' || COALESCE(to_json(t11."name")::text,'null') || ',"people":' || (
      SELECT '{"edges":[' || COALESCE(
        string_agg(
          '{"node":{"email":' || to_json(t13.c0)::text || ',"activities":' || (
            SELECT '{"edges":[' || COALESCE(
              string_agg('{"node":{"title":' || COALESCE(to_json(t15.c0)::text,'null') || '}}',','),''
            ) || ']}'
            FROM (
              SELECT t14."title" AS c0
              FROM written2 AS t14
              WHERE t14."personId" = t13.c1 AND t14."deletedAt" IS NULL
              ORDER BY t14."id"
              LIMIT 60
            ) AS t15
          ) || '}}',','
        ),''
      ) || ']}'
      FROM (
        SELECT t12."email" AS c0,t12."id" AS c1
        FROM written1 AS t12
        WHERE t12."companyId" = t11."id" AND t12."deletedAt" IS NULL
        ORDER BY (fieldstone.text_key_1(t12."email") COLLATE "C"),t12."id"
        LIMIT 60
      ) AS t13
    ) || '}]'
    FROM written0 AS t11
  ),fieldstone.retry()
);
