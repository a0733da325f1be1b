SELECT
  '{"__type":{"kind":"OBJECT","fields":[{"name":"amountMicros","type":{"name":"BigInt"}},{"name":"currencyCode","type":{"name":"String"}}]},"people":{"totalCount":'
  || count(*)::text || '}}'
FROM "workspace_default"."person" AS t0
WHERE t0."deletedAt" IS NULL;
