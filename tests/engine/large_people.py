"""100,000 people in a workspace, for tests of how PostgreSQL finds a few of them."""

from tests.apis import workspace_template
from tests.databases import Databases
from tests.engine.many_rows import insert_many

PEOPLE = 100_000

# A third of the last names are NULL, the others are shared by ten; every hundredth person is deleted.
_PEOPLE = """
INSERT INTO {schema}.company (id, "createdBySource", "createdByName", position, name)
SELECT md5('company ' || n)::uuid, 'IMPORT', 'test', n, 'Company ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO {schema}.person (id, "createdAt", "deletedAt", "createdBySource", "createdByName", position,
    "firstName", "lastName", email, "jobTitle", city, "companyId")
SELECT md5('person ' || n)::uuid, '2024-01-01Z'::timestamptz + n / 2 * interval '1 minute',
    CASE WHEN n % 100 = 0 THEN now() END, 'IMPORT', 'test', n,
    'First ' || n % 700, CASE WHEN n % 3 > 0 THEN 'Last ' || n * 7919 % 6700 END,
    substr(md5(n::text), 1, 12) || '@' || CASE WHEN n % 5 = 0 THEN 'often' ELSE 'most' END || '.example',
    'Engineer', 'City ' || n % 50, md5('company ' || 1 + n % 1000)::uuid
FROM generate_series(1, 100000) AS n
"""


def large_template(databases: Databases) -> str:
    """The template of the workspace with these people."""
    return databases.template("many people", fill_people, base=workspace_template(databases))


def fill_people(dsn: str) -> None:
    """Put these people into a workspace."""
    insert_many(dsn, _PEOPLE)
