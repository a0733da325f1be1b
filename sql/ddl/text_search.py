"""The functions of the search that use the extensions which the database has."""

from collections.abc import Iterator

from psycopg import sql

from fieldstone.sql.ddl.names import name_sql
from fieldstone.sql.plan.text_search import IS_LIKE, LIKENESS

_WORDS = "asciiword, asciihword, hword_asciipart, word, hword, hword_part"
"""The types of tokens that are words."""


def use_extensions(*, trigram: str | None, unaccent: str | None) -> Iterator[sql.Composed]:
    """Yield the statements that have the search use the extensions in these schemas; they can be repeated."""
    if trigram is not None:
        yield sql.SQL(
            "CREATE OR REPLACE FUNCTION {}(part text, whole text) RETURNS real LANGUAGE sql STABLE PARALLEL SAFE AS"
            " $$ SELECT {}.word_similarity(part, whole) $$"
        ).format(sql.SQL(LIKENESS), name_sql(trigram))
        yield sql.SQL(
            "CREATE OR REPLACE FUNCTION {}(part text, whole text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS"
            " $$ SELECT part OPERATOR({}.<%) whole $$"
        ).format(sql.SQL(IS_LIKE), name_sql(trigram))
    if unaccent is not None:
        yield sql.SQL(
            "ALTER TEXT SEARCH CONFIGURATION fieldstone.words ALTER MAPPING FOR {} WITH {}.unaccent, pg_catalog.simple"
        ).format(sql.SQL(_WORDS), name_sql(unaccent))
