"""The tables of the API's reference that repeat the code are the code's own."""

from collections.abc import Iterator

from fieldstone.metadata import operators
from fieldstone.metadata.aggregates import result_scalar
from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType, SubField
from tests.project.tables import check_table
from tests.settings_table import configuration_table

_SETS = {
    "equality": operators.EQUALITY,
    "ordered": operators.ORDERED,
    "dated": operators.DATED,
    "text": operators.TEXT,
    "json": operators.DOCUMENT,
    "list": operators.LIST,
    "search": operators.SEARCHED,
}


def test_the_operators() -> None:
    known = {one: None for accepted in _SETS.values() for one in accepted}
    rows = [(f"`{one.name}`", one.argument.value, one.description) for one in known]
    check_table("docs/reference/reading.md", ("operator", "argument", "meaning"), rows)


def test_the_sets_of_operators() -> None:
    rows = [(name, " ".join(f"`{one.name}`" for one in accepted)) for name, accepted in _SETS.items()]
    check_table("docs/reference/reading.md", ("set", "operators"), rows)


def _columns(kind: FieldType) -> Iterator[tuple[str, SubField, str]]:
    """The columns of a field type: their names and their meanings."""
    entry = FIELD_TYPES[kind]
    if entry.variants is not None:
        for variant, column in entry.variants.items():
            if variant:
                yield f"`{kind.value}`, `{variant}`", column, column.scalar.description
        return
    for column in entry.subfields:
        name = f"`{kind.value}`, `{column.name}`" if column.name else f"`{kind.value}`"
        yield name, column, column.description or entry.description


def _graphql_type(kind: FieldType, column: SubField) -> str:
    if FIELD_TYPES[kind].has_options:
        return "a list of enum values" if column.scalar.element else "an enum"
    return f"a list of `{column.scalar.name}`" if column.scalar.element else f"`{column.scalar.name}`"


def test_the_field_types() -> None:
    sets = {accepted: name for name, accepted in _SETS.items()}
    rows = [
        (
            name,
            _graphql_type(kind, column),
            sets[column.operators],
            f"`{total.name}`" if (total := result_scalar(TypeRole.SUM, column.scalar, entry)) else "-",
            "yes" if result_scalar(TypeRole.MIN, column.scalar, entry) else "-",
            "yes" if entry.can_be_unique and column.identifies else "-",
            ", ".join(f'`"{function}"`' for function in entry.functions) or "-",
            meaning,
        )
        for kind, entry in FIELD_TYPES.items()
        for name, column, meaning in _columns(kind)
    ]
    heading = ("type", "GraphQL", "filters", "`sum` `avg`", "`min` `max`", "unique", "computed", "meaning")
    check_table("docs/reference/field-types.md", heading, rows)


def test_the_limits() -> None:
    defaults = {variable.attribute: variable for variable in configuration_table()}
    rows = [
        (limit, f"`{defaults[attribute].default}`", f"`{defaults[attribute].name}`", refusal)
        for limit, attribute, refusal in (
            ("bytes of a body", "max_body_bytes", "413"),
            ("bytes of the file of an [import](rest.md#imports)", "max_import_bytes", "413"),
            ("MiB of the files of a workspace's [import jobs](rest.md#import-jobs)", "import_store_mb", "413"),
            ("bytes of an answer", "max_response_bytes", "`QUERY_TOO_COMPLEX`"),
            ("operations in a batch", "max_batch", "`QUERY_TOO_COMPLEX`"),
            ("tokens of a document", "max_tokens", "`QUERY_TOO_COMPLEX`"),
            ("levels of nesting", "max_depth", "`QUERY_TOO_COMPLEX`"),
            ("aliases of an operation", "max_aliases", "`QUERY_TOO_COMPLEX`"),
            ("records on a page, unless said", "default_page", "-"),
            ("records on a page, at most", "max_page", "`BAD_USER_INPUT`"),
            ("records in a bulk write", "max_bulk_writes", "`BAD_USER_INPUT`"),
            ("[cost](#cost) of an operation", "max_cost", "`QUERY_TOO_COMPLEX`"),
            ("seconds of a statement", "statement_timeout", "`TIMEOUT`"),
            ("operations of a key in a window", "rate_limit", "`RATE_LIMIT_EXCEEDED`"),
            (
                "operations of the sessions of a key or a user in a window",
                "session_rate_limit",
                "`RATE_LIMIT_EXCEEDED`",
            ),
            ("operations of a workspace in a window", "workspace_rate_limit", "`RATE_LIMIT_EXCEEDED`"),
            ("milliseconds of a window", "rate_window_ms", "-"),
        )
    ]
    check_table("docs/reference/limits.md", ("limit", "default", "variable", "beyond it"), rows)
