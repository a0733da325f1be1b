"""The paths of import jobs, and the components that they alone have."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.rest.import_addresses import ACTS, ERRORS
from fieldstone.engine.rest.open_api.references import (
    ALWAYS,
    ANY_VALUE,
    CONFLICT,
    ID,
    OF_BODIES,
    TEXT,
    Part,
    answer,
    file_content,
    json_content,
    listed,
    members,
    nullable,
    parameter,
    query,
    refusals,
    schema,
)
from fieldstone.metadata.changes.rules.names import IMPORTS

_TAGS = ["imports"]
_COUNT: Part = {"type": "integer"}
_FORMAT = TEXT | {"enum": [one.value for one in Format]}
_OF_WRITES = (*ALWAYS, *OF_BODIES, CONFLICT)
_OF_NEW = ("import_object", "import_format", "import_name", "import_start", "mapping", "on_conflict", "upsert")
_SAID: Mapping[str, str] = {
    "check": "Try each row, and write none",
    "run": "Import the rows, or go on with them",
    "stop": "End the work before the next batch",
    "undo": "Undo the import",
}
JOB: Final = "importJob"
"""The name of the schema of a job."""
_OPTIONS = "importOptions"


def job_paths() -> dict[str, Part]:
    """Return the paths of import jobs."""
    of_one: Part = {"parameters": [parameter("id")]}
    paths: dict[str, Part] = {
        f"/{IMPORTS}": {
            "get": _operation("listImports", "The import jobs of the key", _answer({"imports": listed(schema(JOB))})),
            "post": _new(),
        },
        f"/{IMPORTS}/{{id}}": of_one
        | {
            "get": _operation("findImport", "An import job", _one()),
            "patch": _operation("updateImport", "Change how the file is read", _one(), body=schema(_OPTIONS)),
            "delete": _operation("removeImport", "Remove the job with its file", _answer({"import": members(id=ID)})),
        },
        f"/{IMPORTS}/{{id}}/{ERRORS}": of_one
        | {
            "get": _operation(
                "findImportErrors",
                "The refused rows",
                {"description": "The file.", "content": file_content(Format.CSV)},
                statuses=ALWAYS,
            )
        },
    }
    for act in ACTS:
        made = _operation(f"{act}Import", _SAID[act], _one(), body=schema(_OPTIONS))
        made["requestBody"]["required"] = False
        paths[f"/{IMPORTS}/{{id}}/{act}"] = of_one | {"post": made}
    return paths


def job_schemas() -> dict[str, Part]:
    """Return the schemas of a job and of its options."""
    mapping: Part = {"type": ["object", "null"], "additionalProperties": nullable(TEXT)}
    options: dict[str, Part] = {
        "mapping": mapping | {"description": "The columns of the object by those of the file."},
        "onConflict": {"type": ["array", "null"], "items": TEXT, "minItems": 1},
        "upsert": {"type": ["boolean", "null"]},
    }
    counts = dict.fromkeys(("size", "bytesRead", "created", "updated", "failed", "undone", "kept"), _COUNT)
    job = members(
        id=ID,
        object=nullable(TEXT),
        format=_FORMAT,
        name=TEXT,
        status=TEXT | {"description": "READY, RUNNING, DONE and so on."},
        hasWritten={"type": "boolean", "description": "Records were written; a check writes none."},
        **counts,
        ignored=listed(TEXT),
        columns=listed(TEXT),
        sample=listed(listed(ANY_VALUE)),
        suggested={"type": "object", "additionalProperties": nullable(TEXT)},
        **options,
        error={"type": ["object", "null"], "properties": {"code": TEXT, "message": TEXT}},
        createdBy=members(id=ID, name=TEXT),
        createdAt=TEXT,
        updatedAt=TEXT,
        finishedAt=nullable(TEXT),
    )
    return {JOB: job, _OPTIONS: {"type": "object", "properties": options, "additionalProperties": False}}


def job_parameters() -> dict[str, Part]:
    """Return the parameters of a new job that imports without one do not have."""
    return {
        "import_object": query("object", TEXT, "The plural name of the object that the rows are records of.")
        | {"required": True},
        "import_format": query("format", _FORMAT, "Of the file."),
        "import_name": query("name", TEXT, "Of the file."),
        "import_start": query("start", TEXT | {"enum": ["check", "run"]}, "The work that begins at once."),
    }


def _new() -> Part:
    content: dict[str, Any] = {}
    for one in Format:
        content |= file_content(one)
    made = _operation("createImport", "Make an import job of a file", _one(), status="201", statuses=_OF_WRITES)
    made["parameters"] = [parameter(name) for name in _OF_NEW]
    return made | {"requestBody": {"required": True, "content": content}}


def _one() -> Part:
    return _answer({"import": schema(JOB)})


def _answer(data: Mapping[str, Part]) -> Part:
    return answer(members(data=members(**data)))


def _operation(
    name: str,
    summary: str,
    answered: Part,
    *,
    body: Part | None = None,
    status: str = "200",
    statuses: Sequence[int] | None = None,
) -> Part:
    if statuses is None:
        statuses = (*ALWAYS, CONFLICT) if body is None else _OF_WRITES
    made: Part = {
        "operationId": name,
        "summary": summary,
        "tags": _TAGS,
        "responses": {status: answered, **refusals(statuses)},
    }
    return made if body is None else made | {"requestBody": {"required": True, "content": json_content(body)}}
