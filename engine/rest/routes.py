"""The routes of REST: a method and a path are an action on the records of an object.

    /people                  find, create; update and delete by a filter
    /people/{id}             find, update, delete
    /people/duplicates       find the duplicates of records
    /people/groupBy          group
    /people/merge            merge
    /batch/people            create
    /restore/people[/{id}]   restore; also /people[/{id}]/restore
    /open-api/core           describe all of these, which is no action on records; also /open-api/metadata

The names in front and behind are no ids, so that an object may be called as they are: `/batch/{id}` is a record of the
object whose plural is `batch`.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from fieldstone.engine.errors import MethodNotAllowed, NotFound
from fieldstone.metadata.api_names import Verb
from fieldstone.metadata.scalars import UUID_FORM
from fieldstone.sql.frozen import frozen


class Action(Enum):
    """The action of a request on the records of an object."""

    # An enum's own hash is Python, which each request would call some times.
    __hash__ = object.__hash__

    FIND_MANY = "find many"
    FIND_ONE = "find one"
    CREATE = "create"
    CREATE_MANY = "create many"
    UPDATE_ONE = "update one"
    UPDATE_MANY = "update many"
    DELETE_ONE = "delete one"
    DELETE_MANY = "delete many"
    RESTORE_ONE = "restore one"
    RESTORE_MANY = "restore many"
    DUPLICATES = "duplicates"
    GROUP_BY = "group"
    MERGE = "merge"
    DESCRIBE = "describe"

    @property
    def reads(self) -> bool:
        """Whether it writes nothing."""
        return self in _READS

    @property
    def has_body(self) -> bool:
        """Whether its request has a body."""
        return self in _WITH_BODY


VERBS: Mapping[Action, tuple[Verb, bool]] = {
    Action.CREATE: (Verb.CREATE, False),
    Action.CREATE_MANY: (Verb.CREATE, True),
    Action.UPDATE_ONE: (Verb.UPDATE, False),
    Action.UPDATE_MANY: (Verb.UPDATE, True),
    Action.DELETE_ONE: (Verb.DELETE, False),
    Action.DELETE_MANY: (Verb.DELETE, True),
    Action.RESTORE_ONE: (Verb.RESTORE, False),
    Action.RESTORE_MANY: (Verb.RESTORE, True),
    Action.MERGE: (Verb.MERGE, True),
}
"""The verbs of the actions that write, each with True where it writes several records."""


CREATING = frozenset({Action.CREATE, Action.CREATE_MANY})
CONDITIONAL = frozenset({Action.UPDATE_ONE, Action.DELETE_ONE, Action.RESTORE_ONE})
"""The actions that take If-Match."""
OF_A_RECORD = frozenset({Action.FIND_ONE, Action.CREATE, Action.UPDATE_ONE, Action.RESTORE_ONE})
"""The actions that answer with a record, which has an ETag."""

_READS = frozenset({Action.FIND_MANY, Action.FIND_ONE, Action.DUPLICATES, Action.GROUP_BY, Action.DESCRIBE})
_WITH_BODY = frozenset(
    {
        Action.CREATE,
        Action.CREATE_MANY,
        Action.UPDATE_ONE,
        Action.UPDATE_MANY,
        Action.DUPLICATES,
        Action.MERGE,
    }
)

_COLLECTION = {
    "GET": Action.FIND_MANY,
    "POST": Action.CREATE,
    "PATCH": Action.UPDATE_MANY,
    "DELETE": Action.DELETE_MANY,
}
_RECORD = {
    "GET": Action.FIND_ONE,
    "PATCH": Action.UPDATE_ONE,
    "PUT": Action.UPDATE_ONE,
    "DELETE": Action.DELETE_ONE,
}
OPEN_API = "open-api/core"
"""The path of the OpenAPI document. No name of an object has a hyphen."""

OPEN_API_METADATA = "open-api/metadata"
"""The path of that of the model, keys, webhooks and roles."""

_DOCUMENT = {"GET": Action.DESCRIBE}
_DOCUMENTS = (
    f" outside of development mode: the documents that the page shows are at /rest/{OPEN_API} and"
    f" /rest/{OPEN_API_METADATA}."
)
_BATCH = {"POST": Action.CREATE_MANY}
_RESTORE_MANY = {"PATCH": Action.RESTORE_MANY}
_RESTORE_ONE = {"PATCH": Action.RESTORE_ONE}
_BEHIND: Mapping[str, Mapping[str, Action]] = {
    "duplicates": {"POST": Action.DUPLICATES},
    "groupBy": {"GET": Action.GROUP_BY},
    "merge": {"PATCH": Action.MERGE},
    "restore": _RESTORE_MANY,
}


@frozen
class Place:
    """The place that a path leads to: the records of an object, named by its plural, or one of them; or the document.

    Attributes:
        id: as the path has it, which may be no UUID.
        actions: those that it has, by their methods.
    """

    plural: str
    id: str | None = None
    actions: Mapping[str, Action]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it allows."""
        reads = ("HEAD",) if "GET" in self.actions else ()
        return (*self.actions, *reads, "OPTIONS")

    def action(self, method: str) -> Action:
        """Return the action of a method.

        Raises:
            MethodNotAllowed: the place has none.
        """
        action = self.actions.get("GET" if method == "HEAD" else method)
        if action is None:
            raise refuse_method(method, self.methods)
        return action


def find_place(path: str) -> Place:
    """Return the place that a path leads to, given without `/rest/`; its object may not be there.

    Raises:
        NotFound: no place has such a path.
    """
    path = path.removesuffix("/")
    if path in {OPEN_API, OPEN_API_METADATA}:
        return Place(plural=path, actions=_DOCUMENT)
    if path == "open-api":
        raise not_found(path, _DOCUMENTS)
    match path.split("/"):
        case [plural] if plural:
            return Place(plural=plural, actions=_COLLECTION)
        case ["batch", plural] if plural and not is_id(plural):
            return Place(plural=plural, actions=_BATCH)
        case ["restore", plural] if plural and not is_id(plural):
            return Place(plural=plural, actions=_RESTORE_MANY)
        case ["restore", plural, id_] | [plural, id_, "restore"] if plural:
            return Place(plural=plural, id=id_, actions=_RESTORE_ONE)
        case [plural, name] if plural and name in _BEHIND:
            return Place(plural=plural, actions=_BEHIND[name])
        case [plural, id_] if plural and id_:
            return Place(plural=plural, id=id_, actions=_RECORD)
    raise not_found(path)


def routes_of(plural: str) -> Iterator[tuple[str, Mapping[str, Action]]]:
    """Yield the paths of an object's records, each with its actions; `{id}` stands for the id of one of them."""
    yield plural, _COLLECTION
    yield f"{plural}/{{id}}", _RECORD
    yield f"batch/{plural}", _BATCH
    yield f"restore/{plural}", _RESTORE_MANY
    yield f"restore/{plural}/{{id}}", _RESTORE_ONE
    yield f"{plural}/{{id}}/restore", _RESTORE_ONE
    for name, actions in _BEHIND.items():
        yield f"{plural}/{name}", actions


def not_found(path: str, hint: str = "") -> NotFound:
    """Return the error of a path that leads nowhere."""
    shown = hint or ": records are at /rest/people and /rest/people/ID, for instance."
    return NotFound(f"There is nothing at /rest/{path[:200]}{shown}")


def refuse_method(method: str, methods: Sequence[str]) -> MethodNotAllowed:
    """Return the error of a method that is none of those of an address."""
    return MethodNotAllowed(f"The method {method} is not allowed here: this address takes {', '.join(methods)}.")


def is_id(text: str) -> bool:
    """Return whether a segment of a path is the id of a record."""
    return UUID_FORM.fullmatch(text) is not None


def allow_header(methods: Sequence[str]) -> tuple[bytes, bytes]:
    """Return the header that lists the methods of a place."""
    return b"allow", ", ".join(methods).encode()
