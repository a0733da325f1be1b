"""The search's functions that use the extensions which the database has, and its indexes."""

from collections.abc import Iterator, Sequence

from psycopg import sql

from fieldstone.sql.ddl.create import PENDING, TrigramClass
from fieldstone.sql.ddl.names import column_sql, name_sql, table_sql
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.text_search import IS_LIKE, LABEL, LIKENESS, WORDS, share_of
from fieldstone.sql.text_order import FOLD

_WORDS = ("asciiword", "asciihword", "hword_asciipart", "word", "hword", "hword_part")
"""The types of tokens that are words."""

_BY_TRIGRAMS = (
    (LIKENESS, "real", " SELECT {}.word_similarity(part, whole) "),
    (IS_LIKE, "boolean", " SELECT part OPERATOR({}.<%) whole "),
)
"""The functions of two texts that use trigrams: the name, the type and the body of each."""


def use_extensions(*, trigram: str | None, unaccent: str | None) -> Iterator[sql.Composed]:
    """Yield the statements that have the search use the extensions in these schemas; they can be repeated."""
    if trigram is not None:
        for name, type_, body in _BY_TRIGRAMS:
            yield sql.SQL(
                "CREATE OR REPLACE FUNCTION {}(part text, whole text) RETURNS {}"
                " LANGUAGE sql STABLE PARALLEL SAFE AS {}"
            ).format(sql.SQL(name), sql.SQL(type_), _body(body, trigram))
    if unaccent is not None:
        yield sql.SQL(
            "ALTER TEXT SEARCH CONFIGURATION fieldstone.words ALTER MAPPING FOR {} WITH {}.unaccent, pg_catalog.simple"
        ).format(sql.SQL(", ".join(_WORDS)), name_sql(unaccent))


def is_using(*, trigram: str | None, unaccent: str | None) -> sql.Composed:
    """Return the query for whether the statements of `use_extensions` would change nothing."""
    conditions: list[sql.Composable] = [sql.SQL("true")]
    if trigram is not None:
        conditions += [
            sql.SQL("(SELECT prosrc = {} FROM pg_proc WHERE oid = {}::regprocedure)").format(
                _body(body, trigram), sql.Literal(f"{name}(text, text)")
            )
            for name, _, body in _BY_TRIGRAMS
        ]
    if unaccent is not None:
        conditions.append(
            sql.SQL(
                "(SELECT count(*) = {} FROM pg_ts_config_map WHERE mapcfg = 'fieldstone.words'::regconfig"
                " AND mapdict = $${}.unaccent$$::regdictionary)"
            ).format(sql.Literal(len(_WORDS)), name_sql(unaccent))
        )
    return sql.SQL("SELECT ") + sql.SQL(" AND ").join(conditions)


def _body(body: str, trigram: str) -> sql.Composed:
    """Return the literal of a function's body that uses the trigrams in this schema."""
    return sql.SQL("$${}$$").format(sql.SQL(body).format(name_sql(trigram)))


def create_search_index(
    table: Table,
    name: str,
    texts: Sequence[Column],
    label: Sequence[Column],
    *,
    trigram: TrigramClass | None,
    concurrently: bool = False,
) -> sql.Composed:
    """Return the CREATE INDEX of the words of the texts and, with `trigram`, of the trigrams of the label.

    The expressions are those of `sql/compiler/reads/search.py`.
    """
    values = [sql.SQL("{}({})").format(sql.SQL(WORDS), _joined(texts, share_of(texts)))]
    if trigram is not None:
        folded = sql.SQL("{}({})").format(sql.SQL(FOLD), _joined(label, LABEL))
        values.append(sql.SQL("{} {}.gin_trgm_ops").format(folded, name_sql(trigram.schema)))
    return sql.SQL("CREATE INDEX {}{} ON {} USING gin ({}) WITH (gin_pending_list_limit = {})").format(
        sql.SQL("CONCURRENTLY " if concurrently else ""),
        name_sql(name),
        table_sql(table),
        sql.SQL(", ").join(values),
        sql.Literal(PENDING),
    )


def _joined(columns: Sequence[Column], each: int) -> sql.Composable:
    """Return the beginnings of the columns' texts, with a space between them."""
    cut = [sql.SQL("left(COALESCE({},''),{})").format(column_sql(column), sql.Literal(each)) for column in columns]
    return sql.SQL(" || ' ' || ").join(cut) if cut else sql.SQL("''")
