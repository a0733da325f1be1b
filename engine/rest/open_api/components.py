"""The parts of the document that belong to no object: parameters, errors, headers, the key."""

from http import HTTPStatus
from typing import Any

from fieldstone.engine.rest.errors import PROBLEM
from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.rest.open_api.import_jobs import job_parameters, job_schemas
from fieldstone.engine.rest.open_api.references import (
    ALWAYS,
    ANY_VALUE,
    ID,
    TEXT,
    Part,
    file_content,
    json_content,
    listed,
    members,
    nullable,
    query,
    refusals,
    schema,
)
from fieldstone.engine.rest.open_api.schemas import ANY, RELATED, RELATED_LIST, write_composites
from fieldstone.engine.rest.selection import DEEPEST

MOST_GROUPS = 1_000

_FLAG: Part = {"type": "boolean"}
_OFF = _FLAG | {"default": False}
_FILTER = "Conditions such as and(city[eq]:Berlin,or(name[ilike]:%a%,employees[gt]:5))."
# Importers of documents, Postman among them, send the examples. Each role sees `id`.
_SHOWN_FILTER = query("filter", TEXT, _FILTER) | {"example": "id[is]:NOT_NULL"}
# The example for a write finds no record: a removal that is sent unchanged would take all of them.
_WRITE_FILTER = query("filter", TEXT, _FILTER) | {"example": "id[eq]:00000000-0000-0000-0000-000000000000"}
_ERRORS = {
    400: "The path, a parameter, a header or the body is not valid, or the request costs too much.",
    401: "The key is missing or not valid.",
    403: "The role may not.",
    404: "There is no such object, record, or record to connect to.",
    406: "Accept allows no JSON.",
    408: "The body is late.",
    409: "A unique key is taken, or the Idempotency-Key was used for another request.",
    412: "The record is not the one that If-Match names.",
    413: "The body is too large.",
    415: "The Content-Type is none that the address takes.",
    429: "The rate limit is exhausted, or too many requests of the key are in progress.",
    500: "A fault of the server.",
    503: "The database is not available.",
    504: "The request took too long.",
}


def document_path() -> Part:
    """Return the path of the document itself."""
    answer: Part = {"description": "This document.", "content": json_content({"type": "object"})}
    operation: Part = {
        "operationId": "openApi",
        "summary": "This document",
        "tags": ["open-api"],
        "responses": {"200": answer, **refusals(ALWAYS)},
    }
    return {"get": operation}


def shared_schemas() -> dict[str, Any]:
    """Return the schemas that belong to no object; the names of objects' begin with a capital letter."""
    one, several = "of a related record", "of related records"
    said = "connect, disconnect, create and the other verbs {}, as in a GraphQL mutation."
    status: Part = {"type": "integer"}
    return {
        "error": members(statusCode=status, message=TEXT, error=TEXT),
        "invalidRequest": members(statusCode=status, messages={"type": "array", "items": TEXT}, error=TEXT),
        "problem": members(type=TEXT, title=TEXT, status=status, detail=TEXT, code=TEXT),
        "pageInfo": members(hasNextPage=_FLAG, startCursor=nullable(TEXT), endCursor=nullable(TEXT)),
        "importReport": members(
            read=status,
            created=status,
            updated=status,
            failed=status,
            errors=listed(members(row=status, line=status, message=TEXT, code=TEXT)),
            ignored=listed(TEXT),
            dryRun=_FLAG,
        ),
        **job_schemas(),
        ANY: ANY_VALUE,
        RELATED: {"type": ["object", "null"], "description": said.format(one)},
        RELATED_LIST: {"type": ["object", "null"], "description": said.format(several)},
        **write_composites(),
    }


def other_components(*, largest_page: int, default_page: int) -> dict[str, Any]:
    """Return the components beside the schemas.

    Args:
        largest_page: the most records of a page.
        default_page: those of a page unless the request says so.
    """
    page: Part = {"type": "integer", "minimum": 0, "maximum": largest_page, "default": default_page}
    return {
        "parameters": {
            "id": {"name": "id", "in": "path", "required": True, "schema": ID},
            "filter": _SHOWN_FILTER,
            "write_filter": _WRITE_FILTER,
            "required_filter": _WRITE_FILTER | {"required": True},
            "order_by": query("order_by", TEXT, "Fields such as createdAt[DescNullsLast],name.")
            | {"example": "id[DescNullsLast]"},
            "limit": query("limit", page, "The most records of the page."),
            "columns": query("columns", TEXT, "The columns in their order, with commas between them."),
            "spreadsheet": query(
                "spreadsheet", _FLAG, "Of CSV: whether formulas become texts, by an apostrophe before them."
            ),
            "export_limit": query("limit", {"type": "integer", "minimum": 0}, "The most records; all unless given."),
            **job_parameters(),
            "depth": query(
                "depth",
                {"type": "integer", "minimum": 0, "maximum": DEEPEST, "default": 0},
                "The steps across relations.",
            ),
            "starting_after": query("starting_after", TEXT, "The endCursor of the page before."),
            "ending_before": query("ending_before", TEXT, "The startCursor of the page behind."),
            "total_count": query("total_count", _FLAG | {"default": True}, "Whether all records are counted."),
            "upsert": query("upsert", _OFF, "Whether a record with the same unique key is changed."),
            "on_conflict": query(
                "on_conflict", TEXT, "The fields of the unique key by which a record that is there is found: email."
            ),
            "all_or_nothing": query("all_or_nothing", _OFF, "Whether no record is written if a row is refused."),
            "dry_run": query("dry_run", _OFF, "Whether all rows are tried and none is written."),
            "mapping": _json("mapping", 'Columns of the file, such as {"E-mail":"email","Notes":null}.'),
            "soft_delete": query("soft_delete", _OFF, "Whether the removal can be undone; else it destroys."),
            "only_soft_delete": query("soft_delete", _FLAG | {"const": True}, "The role may not destroy the records.")
            | {"required": True},
            "no_soft_delete": query("soft_delete", _FLAG | {"const": False}, "The role may do nothing but destroy."),
            "group_by": _json("group_by", 'Such as [{"city":true}] or [{"createdAt":{"granularity":"MONTH"}}].')
            | {"required": True, "example": '[{"id":true}]'},
            "aggregate": _json("aggregate", "The names of the groups' aggregates.") | {"example": '["totalCount"]'},
            "having": _json("having", "Conditions on the groups, as in GraphQL."),
            "group_order_by": query(
                "order_by", TEXT, "The JSON of orderBy in GraphQL, or fields and aggregates such as city[DESC],count."
            ),
            "group_limit": query("limit", page | {"maximum": MOST_GROUPS, "default": MOST_GROUPS}, "The most groups."),
            "include_records_sample": query(
                "include_records_sample", _OFF, "Whether each group has its first records."
            ),
            "order_by_for_records": _json("order_by_for_records", "The order of these records, as in GraphQL."),
            "If-None-Match": _header("If-None-Match", "An ETag: 304 while the record is shown as before."),
            "If-Match": _header("If-Match", "An ETag: the write is made only if the record has this updatedAt."),
            "Idempotency-Key": _header("Idempotency-Key", "The write is made once, however often it is sent."),
        },
        "requestBodies": {
            # Few generators of clients know the type of JSON Lines.
            one.value: {"content": file_content(one) | {"text/plain": {"schema": TEXT}}, "required": True}
            for one in Format
        },
        "headers": {"ETag": {"description": "For If-Match and If-None-Match.", "schema": TEXT}},
        "responses": {
            "304": {"description": "The record is shown as before."},
            **{str(status): _error(status) for status in _ERRORS},
        },
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key or a token."}},
    }


def _json(name: str, description: str) -> Part:
    # Most generators of clients write an object as several parameters, whatever its media type is.
    return query(name, TEXT | {"contentMediaType": "application/json"}, description)


def _header(name: str, description: str) -> Part:
    return {"name": name, "in": "header", "description": description, "schema": TEXT}


def _error(status: int) -> Part:
    own = schema("invalidRequest" if status == HTTPStatus.BAD_REQUEST else "error")
    problem: Part = {PROBLEM.decode(): {"schema": schema("problem")}}
    return {"description": _ERRORS[status], "content": json_content(own) | problem}
