"""The baseline's SQL: for each endpoint one statement, which builds the text of the whole answer."""

from dataclasses import dataclass
from string import Template

from benchmarks.baseline import query_language

_KEY_ID = "01a20e80-3203-7f11-8b5e-f2a15fd8ab69"
_ACTOR = f"E'API_KEY\\x1f{_KEY_ID}\\x1fbaseline'"
_CONTEXT = f"""'{{"id": "{_KEY_ID}", "kind": "API_KEY"}}'::jsonb"""

_PERSON = """
SELECT '{"data":{"person":' || coalesce((
    SELECT '{"id":"' || id || '","firstName":' || coalesce(to_json("firstName")::text, 'null')
        || ',"lastName":' || coalesce(to_json("lastName")::text, 'null') || ',"email":' || to_json(email)
        || ',"phone":' || coalesce(to_json(phone)::text, 'null')
        || ',"jobTitle":' || coalesce(to_json("jobTitle")::text, 'null')
        || ',"createdAt":' || to_json("createdAt") || '}'
    FROM ${schema}.person WHERE id = $$1::uuid AND "deletedAt" IS NULL
), 'null') || '}}'
"""

_SEARCH = """
SELECT '{"data":{"people":{"edges":[' || coalesce(string_agg(edge, ',') FILTER (WHERE number <= 10), '')
    || '],"pageInfo":{"hasNextPage":' || (count(*) > 10)::text || ',"endCursor":'
    || coalesce(to_json(max(cursor) FILTER (WHERE number = least(total, 10)))::text, 'null') || '}}}}'
FROM (
    SELECT row_number() OVER () AS number, count(*) OVER () AS total, p."createdAt" || '|' || p.id AS cursor,
        '{"node":{"id":"' || p.id || '","firstName":' || coalesce(to_json(p."firstName")::text, 'null')
        || ',"email":' || to_json(p.email)
        || ',"company":' || coalesce(
            '{"id":"' || c.id || '","name":' || coalesce(to_json(c.name)::text, 'null') || '}', 'null')
        || ',"createdAt":' || to_json(p."createdAt") || '}}' AS edge
    FROM (
        SELECT id, "firstName", email, "createdAt", "companyId"
        FROM ${schema}.person WHERE email ILIKE $$1::text AND "deletedAt" IS NULL
        ORDER BY "createdAt" DESC, id DESC LIMIT 11
    ) AS p
    LEFT JOIN ${schema}.company AS c ON c.id = p."companyId" AND c."deletedAt" IS NULL
    ORDER BY p."createdAt" DESC, p.id DESC
) AS edges
"""

_NESTED = """
SELECT '{"data":{"people":{"edges":[' || coalesce(string_agg(edge, ','), '') || ']}}}'
FROM (
    SELECT '{"node":{"id":"' || p.id || '","firstName":' || coalesce(to_json(p."firstName")::text, 'null')
        || ',"lastName":' || coalesce(to_json(p."lastName")::text, 'null')
        || ',"phone":' || coalesce(to_json(p.phone)::text, 'null')
        || ',"company":' || coalesce(
            '{"id":"' || c.id || '","name":' || coalesce(to_json(c.name)::text, 'null')
            || ',"website":' || coalesce(to_json(c.website)::text, 'null') || '}', 'null')
        || ',"activities":{"edges":[' || coalesce(a.edges, '') || ']},"opportunities":{"edges":['
        || coalesce(o.edges, '') || ']}}}' AS edge
    FROM (
        SELECT id, "firstName", "lastName", phone, "companyId", "createdAt"
        FROM ${schema}.person WHERE "createdAt" >= $$1::timestamptz AND "deletedAt" IS NULL
        ORDER BY "createdAt", id LIMIT 50
    ) AS p
    LEFT JOIN ${schema}.company AS c ON c.id = p."companyId" AND c."deletedAt" IS NULL
    LEFT JOIN LATERAL (
        SELECT string_agg('{"node":{"id":"' || id || '","title":' || coalesce(to_json(title)::text, 'null')
            || ',"type":' || coalesce(to_json(type)::text, 'null')
            || ',"completedAt":' || coalesce(to_json("completedAt")::text, 'null') || '}}', ',') AS edges
        FROM (
            SELECT id, title, type, "completedAt" FROM ${schema}.activity
            WHERE "personId" = p.id AND "deletedAt" IS NULL ORDER BY "createdAt" DESC, id DESC LIMIT 10
        ) AS latest
    ) AS a ON true
    LEFT JOIN LATERAL (
        SELECT string_agg('{"node":{"id":"' || id || '","amount":' || coalesce(amount::text, 'null')
            || ',"stage":' || coalesce(to_json(stage)::text, 'null') || '}}', ',') AS edges
        FROM (
            SELECT id, amount, stage FROM ${schema}.opportunity
            WHERE "personId" = p.id AND "deletedAt" IS NULL ORDER BY "createdAt" DESC, id DESC LIMIT 10
        ) AS latest
    ) AS o ON true
    ORDER BY p."createdAt", p.id
) AS edges
"""

_AGGREGATE = """
SELECT '{"data":{"opportunitiesAggregate":{"count":' || count(*)
    || ',"sum":{"amount":' || coalesce(sum(amount)::text, 'null')
    || '},"avg":{"amount":' || coalesce(avg(amount)::text, 'null')
    || '},"min":{"amount":' || coalesce(min(amount)::text, 'null')
    || '},"max":{"amount":' || coalesce(max(amount)::text, 'null') || '}}}}'
FROM ${schema}.opportunity WHERE "deletedAt" IS NULL
"""

_PAGE = """
SELECT '{"data":{"people":{"edges":[' || coalesce(string_agg(edge, ',') FILTER (WHERE number <= ${size}), '')
    || '],"pageInfo":{"hasNextPage":' || (count(*) > ${size})::text || ',"endCursor":'
    || coalesce(to_json(max(cursor) FILTER (WHERE number = least(total, ${size})))::text, 'null') || '}}}}'
FROM (
    SELECT number, total, cursor,
        '{"node":{"id":"' || id || '","firstName":' || coalesce(to_json("firstName")::text, 'null')
        || ',"lastName":' || coalesce(to_json("lastName")::text, 'null') || ',"email":' || to_json(email)
        || ',"createdAt":' || to_json("createdAt") || '},"cursor":"' || cursor || '"}' AS edge
    FROM (
        SELECT row_number() OVER () AS number, count(*) OVER () AS total, "createdAt" || '|' || id AS cursor,
            id, "firstName", "lastName", email, "createdAt"
        FROM (
            SELECT id, "firstName", "lastName", email, "createdAt" FROM ${schema}.person
            WHERE ${after} AND "deletedAt" IS NULL ORDER BY "createdAt", id LIMIT ${size} + 1
        ) AS p
    ) AS numbered
) AS edges
"""

_CREATE = """
WITH written AS (
    INSERT INTO ${schema}.person (id, "firstName", "lastName", email, phone, "jobTitle", city, "companyId",
        "createdBySource", "createdByName", "createdByContext")
    VALUES ($$1::uuid, $$2, $$3, $$4, $$5, $$6, $$7, $$8::uuid, 'API', 'baseline', ${context})
    RETURNING *
), event AS (
    INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, after, actor)
    SELECT w.id, o.id, written.id, 'created', to_jsonb(written), ${actor}
    FROM written, fieldstone.workspace AS w, fieldstone.object AS o
    WHERE w.schema_name = ${schema_name} AND o.workspace_id = w.id AND o.name_singular = 'person'
)
SELECT '{"data":{"createPerson":{"id":"' || id || '","createdAt":' || to_json("createdAt") || '}}}' FROM written
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The statements on the tables of one schema."""

    person: str
    search: str
    nested: str
    aggregate: str
    first_page: str
    next_page: str
    create: str
    some: str
    groups: str
    first_companies: str
    next_companies: str
    nested_create: str
    upsert: str


def build_statements(schema: str) -> Statements:
    """Return the statements; `schema` is a plain name of lower-case letters and underscores."""
    if not schema.replace("_", "").isalnum():
        raise ValueError(schema)

    def on(text: str, **more: str) -> str:
        return Template(text).substitute(
            schema=schema, schema_name=f"'{schema}'", actor=_ACTOR, context=_CONTEXT, **more
        )

    return Statements(
        person=on(_PERSON),
        search=on(_SEARCH),
        nested=on(_NESTED),
        aggregate=on(_AGGREGATE),
        first_page=on(_PAGE, size="1", after='"createdAt" >= $1::timestamptz'),
        next_page=on(_PAGE, size="50", after='("createdAt", id) > ($1::timestamptz, $2::uuid)'),
        create=on(_CREATE),
        some=on(query_language.SOME),
        groups=on(query_language.GROUPS),
        first_companies=on(query_language.COMPANIES, size="40", after="true"),
        next_companies=on(
            query_language.COMPANIES, size="20", after="(coalesce(people, 0), c.id) < ($1::bigint, $2::uuid)"
        ),
        nested_create=on(query_language.NESTED_CREATE),
        upsert=on(query_language.UPSERT),
    )
