"""The operations on an object's records: those that the role which sees it has the rights to."""

from collections.abc import Iterator, Mapping

from fieldstone.engine.rest.export_addresses import IMPORT_PARAMETERS, PARAMETERS, Format
from fieldstone.engine.rest.open_api.references import (
    ALWAYS,
    CONFLICT,
    ID,
    OF_BODIES,
    Part,
    answer,
    file_content,
    json_content,
    listed,
    members,
    parameter,
    refusals,
    schema,
)
from fieldstone.engine.rest.open_api.schemas import ANY, GIVEN, data_name, item_name
from fieldstone.engine.rest.parameters import TAKEN
from fieldstone.engine.rest.routes import CONDITIONAL, CREATING, OF_A_RECORD, VERBS, Action, routes_of
from fieldstone.metadata.api_names import QueryRole, Verb, lacking, may_ask, mutation_name, query_name
from fieldstone.metadata.changes.rules.names import IMPORTS
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Object, capitalised
from fieldstone.metadata.scalars import DATE_TIME

_PRECONDITION = 412

_ASKED: Mapping[Action, QueryRole] = {
    Action.FIND_MANY: QueryRole.MANY,
    Action.FIND_ONE: QueryRole.ONE,
    Action.DUPLICATES: QueryRole.DUPLICATES,
    Action.GROUP_BY: QueryRole.GROUP_BY,
}
_NAMES: Mapping[Action, str] = {
    Action.FIND_MANY: "findMany",
    Action.FIND_ONE: "findOne",
    Action.CREATE: "createOne",
    Action.CREATE_MANY: "createMany",
    Action.UPDATE_ONE: "updateOne",
    Action.UPDATE_MANY: "updateMany",
    Action.DELETE_ONE: "deleteOne",
    Action.DELETE_MANY: "deleteMany",
    Action.RESTORE_ONE: "restoreOne",
    Action.RESTORE_MANY: "restoreMany",
    Action.DUPLICATES: "findDuplicatesOf",
    Action.GROUP_BY: "groupBy",
    Action.MERGE: "mergeMany",
}
"""The beginnings of the operations' ids; none begins with another, so that equal ids are of equal objects."""
_SAID: Mapping[Action, str] = {
    Action.FIND_MANY: "Find {}",
    Action.FIND_ONE: "Find one of {}",
    Action.CREATE: "Create one of {}",
    Action.CREATE_MANY: "Create several of {}",
    Action.UPDATE_ONE: "Update one of {}",
    Action.UPDATE_MANY: "Update several of {}",
    Action.DELETE_ONE: "Destroy one of {}, or with soft_delete=true delete it",
    Action.DELETE_MANY: "Destroy several of {}, or with soft_delete=true delete them",
    Action.RESTORE_ONE: "Restore one of {}",
    Action.RESTORE_MANY: "Restore several of {}",
    Action.DUPLICATES: "Find duplicates among {}",
    Action.GROUP_BY: "Group {}",
    Action.MERGE: "Merge several of {}",
}
_SECOND_NAMES: Mapping[Action, str] = {
    Action.UPDATE_ONE: "changeOne",
    Action.RESTORE_ONE: "recoverOne",
    Action.RESTORE_MANY: "recoverMany",
}
"""The beginnings of the ids of actions at their second method or path."""


_NOT_ACCEPTABLE = 406
_OF_UPSERTS = ("upsert", "on_conflict")


def write_paths(object_: Object) -> str:
    """Return the paths of an object as the role sees it, as members of a JSON object."""
    seen: set[Action] = set()
    found: dict[str, Part] = {}
    for path, actions in routes_of(object_.name_plural):
        item: Part = {}
        if path.partition("/")[0] == IMPORTS:
            continue
        for method, action in actions.items():
            if not may_act(object_, action):
                continue
            beginning = (_SECOND_NAMES if action in seen else _NAMES)[action]
            seen.add(action)
            item[method.lower()] = _operation(object_, action, beginning)
        if item:
            # An object may be called as the word in front of the others' paths.
            found[f"/{path}"] = ({"parameters": [parameter("id")]} if "{id}" in path else {}) | item
    for one in Format:
        item = {"get": _export(object_, one)} if may_act(object_, Action.FIND_MANY) else {}
        if may_act(object_, Action.CREATE):
            item["post"] = _import(object_, one)
        if item:
            found[f"/{object_.name_plural}.{one.value}"] = item
    return dumps(found)[1:-1]


def may_act(object_: Object, action: Action) -> bool:
    """Return whether the role that sees an object has the rights that an action needs."""
    if action in _ASKED:
        return may_ask(object_, _ASKED[action])
    verb, _ = VERBS[action]
    if verb is Verb.DELETE and lacking(object_, Verb.DESTROY) is None:
        return True
    return lacking(object_, verb) is None


def _operation(object_: Object, action: Action, beginning: str) -> Part:
    many = action in {Action.FIND_MANY, Action.GROUP_BY} or VERBS.get(action, (None, False))[1]
    name = object_.name_plural if many else object_.name_singular
    body = _body(object_, action)
    statuses = [*ALWAYS]
    if body is not None:
        statuses += OF_BODIES
    if not action.reads:
        statuses.append(CONFLICT)
    if action in CONDITIONAL:
        statuses.append(_PRECONDITION)
    if action is Action.FIND_ONE:
        statuses.append(304)
    answered = answer(_answer(object_, action))
    if action in OF_A_RECORD:
        answered["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
    found: Part = {
        "operationId": f"{beginning}{capitalised(name)}",
        "summary": _SAID[action].format(object_.label_plural),
        "tags": [object_.name_plural],
        "parameters": [*_parameters(object_, action)],
        "responses": {
            "201" if action in CREATING else "200": answered,
            **refusals(statuses),
        },
    }
    if body is not None:
        found["requestBody"] = {"content": json_content(body)} | ({"required": True} if action.has_body else {})
    return found


def _import(object_: Object, format_: Format) -> Part:
    name = f"import{capitalised(object_.name_plural)}"
    upserts = lacking(object_, Verb.UPSERT) is None
    report = members(data=members(**{name: schema("importReport")}))
    return {
        "operationId": f"import{capitalised(format_.value)}Of{capitalised(object_.name_plural)}",
        "summary": f"Import {object_.label_plural}",
        "tags": [object_.name_plural],
        "parameters": [parameter(one) for one in IMPORT_PARAMETERS if upserts or one not in _OF_UPSERTS],
        "requestBody": {"$ref": f"#/components/requestBodies/{format_.value}"},
        "responses": {
            "200": {"description": "The report.", "content": json_content(report)},
            **refusals((*ALWAYS, *OF_BODIES, CONFLICT)),
        },
    }


def _export(object_: Object, format_: Format) -> Part:
    return {
        "operationId": f"export{capitalised(format_.value)}Of{capitalised(object_.name_plural)}",
        "summary": f"Export {object_.label_plural}",
        "tags": [object_.name_plural],
        "parameters": [parameter("export_limit" if name == "limit" else name) for name in PARAMETERS],
        "responses": {
            "200": {"description": "The file.", "content": file_content(format_)},
            **refusals(status for status in ALWAYS if status != _NOT_ACCEPTABLE),
        },
    }


def _parameters(object_: Object, action: Action) -> Iterator[Part]:
    groups = action is Action.GROUP_BY
    for name in TAKEN[action]:
        match name:
            case "upsert" if lacking(object_, Verb.UPSERT) is not None:
                continue
            case "soft_delete":
                yield parameter(_soft_delete(object_))
            case "order_by" | "limit" if groups:
                yield parameter(f"group_{name}")
            case "filter" if action is Action.RESTORE_MANY:
                yield parameter("required_filter")
            case "filter" if not action.reads:
                yield parameter("write_filter")
            case _:
                yield parameter(name)
    if action is Action.FIND_ONE:
        yield parameter("If-None-Match")
    if action in CONDITIONAL:
        yield parameter("If-Match")
    if not action.reads:
        yield parameter("Idempotency-Key")


def _soft_delete(object_: Object) -> str:
    """Return the parameter for the ways of removal that the role has a right to."""
    if lacking(object_, Verb.DESTROY) is not None:
        return "only_soft_delete"
    return "soft_delete" if lacking(object_, Verb.DELETE) is None else "no_soft_delete"


def _body(object_: Object, action: Action) -> Part | None:
    """Return the schema of a request's body; None where it has none."""
    ids = listed(ID)
    match action:
        case Action.CREATE:
            # A list is accepted, too. In the document it has an operation of its own, so that each has one answer.
            return schema(data_name(object_, Verb.CREATE))
        case Action.CREATE_MANY:
            return listed(schema(data_name(object_, Verb.CREATE)))
        case Action.UPDATE_ONE:
            return schema(data_name(object_, Verb.UPDATE))
        case Action.UPDATE_MANY:
            return {"oneOf": [schema(data_name(object_, Verb.UPDATE)), listed(schema(item_name(object_)))]}
        case Action.DELETE_MANY:
            return members(ids=ids) | {"additionalProperties": False}
        case Action.DUPLICATES:
            verb = Verb.CREATE if lacking(object_, Verb.CREATE) is None else Verb.UPDATE
            # Data that is compared need not be whole.
            data = {"type": "array", "items": {"type": "object", "description": f"As {data_name(object_, verb)}."}}
            return {"type": "object", "properties": {"ids": ids, "data": data}, "additionalProperties": False}
        case Action.MERGE:
            whole = {"type": "integer", "minimum": 0}
            merged = members(ids=ids, conflictPriorityIndex=whole)
            merged["properties"] |= {
                "dryRun": {"type": "boolean", "default": False},
                "ifUpdatedAt": listed(GIVEN[DATE_TIME.name]),
            }
            return merged | {"additionalProperties": False}
        case _:
            return None


def _answer(object_: Object, action: Action) -> Part:
    """Return the schema of the answer to an action."""
    record = schema(object_.type_name)
    total: Part = {"totalCount": {"type": "integer"}} if object_.rights.aggregates else {}
    match action:
        case Action.FIND_MANY:
            found = members(data=members(**{object_.name_plural: listed(record)}), pageInfo=schema("pageInfo"))
            found["properties"] |= total
            return found
        case Action.FIND_ONE:
            return members(data=members(**{object_.name_singular: record}))
        case Action.DUPLICATES:
            one = members(**{query_name(object_, QueryRole.DUPLICATES): listed(record)}, pageInfo=schema("pageInfo"))
            one["properties"] |= total
            return members(data=listed(one))
        case Action.GROUP_BY:
            group = members(groupByDimensionValues=listed(schema(ANY)))
            group["properties"]["records"] = listed(record)
            group["additionalProperties"] = schema(ANY) | {"description": "An aggregate that the request names."}
            return members(data=members(**{query_name(object_, QueryRole.GROUP_BY): listed(group)}))
    verb, many = VERBS[action]
    inner = record
    if verb is Verb.DELETE:
        inner = members(id=ID)
    several = many and verb is not Verb.MERGE
    name = mutation_name(object_, verb, many=many)
    return members(data=members(**{name: listed(inner) if several else inner}))
