"""A long series of changes of the model, of every kind, each with a document that is valid from then on."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from metadata.field_types import FIELD_TYPES, RELATIONS, FieldType, subfields_of

Ask = Callable[..., Any]
"""Sends a mutation with its variables to the Metadata API and returns its data."""

CREATE_OBJECT = "mutation ($input: CreateObjectInput!) { createObject(input: $input) { id } }"
CREATE_FIELD = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
_UPDATE_OBJECT = "mutation ($id: UUID!, $input: UpdateObjectInput!) { updateObject(id: $id, input: $input) { id } }"
_UPDATE_FIELD = "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }"
_DELETE_FIELD = "mutation ($id: UUID!) { deleteField(id: $id) { id } }"
_DELETE_OBJECT = "mutation ($id: UUID!) { deleteObject(id: $id) { id } }"

_OPTIONS = [{"value": value, "label": value, "position": place} for place, value in enumerate(("RED", "BLUE"))]


@dataclass(slots=True, kw_only=True)
class Series:
    """Changes that are made one after the other, through whatever process.

    Attributes:
        objects: the ids of the objects whose fields are changed, by plural name.
    """

    objects: dict[str, str]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def steps(self) -> Iterator[Callable[[Ask], str]]:
        """Yield changes without end, each kind in turn; each makes its change and returns the document."""
        plurals = itertools.cycle(list(self.objects))
        while True:
            yield self._create_object
            for field_type in FieldType:
                if field_type not in RELATIONS | {FieldType.TS_VECTOR}:
                    yield self._create_field(next(plurals), field_type)
            for kind in ("MANY_TO_ONE", "ONE_TO_MANY", "ONE_TO_ONE", "MANY_TO_MANY"):
                yield self._create_relation(next(plurals), kind)
            yield self._create_morph_relation(next(plurals))
            yield self._create_vector(next(plurals))
            yield self._rename_field(next(plurals))
            yield self._add_option(next(plurals))
            yield self._require(next(plurals))
            yield self._delete_field(next(plurals))
            yield self._rename_object
            yield self._delete_object

    def _name(self, stem: str) -> str:
        return f"{stem}{next(self._numbers)}"

    def _new_object(self, ask: Ask, stem: str) -> tuple[str, str]:
        name = self._name(stem)
        labels = {"labelSingular": name, "labelPlural": f"{name}s"}
        given = {"nameSingular": name, "namePlural": f"{name}s", **labels}
        return name, ask(CREATE_OBJECT, input=given)["createObject"]["id"]

    def _new_field(self, ask: Ask, plural: str, name: str, **values: Any) -> str:
        given = {"objectMetadataId": self.objects[plural], "name": name, "label": name, **values}
        id_: str = ask(CREATE_FIELD, input=given)["createField"]["id"]
        return id_

    def _create_object(self, ask: Ask) -> str:
        name, _ = self._new_object(ask, "thing")
        return f"{{ {name}s {{ totalCount edges {{ node {{ id name }} }} }} }}"

    def _create_field(self, plural: str, field_type: FieldType) -> Callable[[Ask], str]:
        def step(ask: Ask) -> str:
            name = self._name("field")
            entry = FIELD_TYPES[field_type]
            own_options = entry.has_options and not entry.fixed_options
            options = {"options": _OPTIONS} if own_options else {}
            self._new_field(ask, plural, name, type=field_type.value, **options)
            parts = [part.name for part in subfields_of(field_type, None) if part.name]
            return _first(plural, f"{name} {{ {' '.join(parts)} }}" if parts else name)

        return step

    def _create_relation(self, plural: str, kind: str) -> Callable[[Ask], str]:
        def step(ask: Ask) -> str:
            name, inverse = self._name("link"), self._name("inverse")
            target = {
                "targetObjectMetadataId": self.objects["companies"],
                "targetFieldLabel": inverse,
                "targetFieldName": inverse,
                "type": kind,
            }
            if kind == "MANY_TO_MANY":
                target |= {"junctionNameSingular": f"{name}Row", "junctionNamePlural": f"{name}Rows"}
            self._new_field(ask, plural, name, type="RELATION", relationCreationPayload=target)
            end, other = ("id" if side == "ONE" else "totalCount" for side in reversed(kind.split("_TO_")))
            documents = _first(plural, f"{name} {{ {end} }}"), _first("companies", f"{inverse} {{ {other} }}")
            return "{ one: " + documents[0][1:-1] + " two: " + documents[1][1:-1] + "}"

        return step

    def _create_morph_relation(self, plural: str) -> Callable[[Ask], str]:
        def step(ask: Ask) -> str:
            name, inverse = self._name("morph"), self._name("inverse")
            targets = [
                {"targetObjectMetadataId": id_, "targetFieldLabel": inverse, "targetFieldName": inverse}
                for id_ in (self.objects["companies"], self.objects["people"])
            ]
            self._new_field(ask, plural, name, type="MORPH_RELATION", morphRelationsCreationPayload=targets)
            return _first("companies", f"{inverse} {{ totalCount }}")

        return step

    def _create_vector(self, plural: str) -> Callable[[Ask], str]:
        def step(ask: Ask) -> str:
            text, name = self._name("text"), self._name("words")
            self._new_field(ask, plural, text, type="TEXT")
            self._new_field(ask, plural, name, type="TS_VECTOR", settings={"fields": [text]})
            return f'{{ {plural}(filter: {{ {name}: {{ search: "x" }} }}) {{ totalCount }} }}'

        return step

    def _rename_field(self, plural: str) -> Callable[[Ask], str]:
        def step(ask: Ask) -> str:
            id_ = self._new_field(ask, plural, self._name("old"), type="TEXT")
            name = self._name("renamed")
            ask(_UPDATE_FIELD, id=id_, input={"name": name})
            return _first(plural, name)

        return step

    def _add_option(self, plural: str) -> Callable[[Ask], str]:
        def step(ask: Ask) -> str:
            name = self._name("colour")
            id_ = self._new_field(ask, plural, name, type="SELECT", options=_OPTIONS)
            options = [*_OPTIONS, {"value": "GREEN", "label": "Green", "position": 2}]
            ask(_UPDATE_FIELD, id=id_, input={"options": options})
            return f"{{ {plural}(filter: {{ {name}: {{ eq: GREEN }} }}) {{ totalCount }} }}"

        return step

    def _require(self, plural: str) -> Callable[[Ask], str]:
        def step(ask: Ask) -> str:
            name = self._name("must")
            # What a writer that does not know the field leaves out is the default, which must do.
            id_ = self._new_field(ask, plural, name, type="TEXT", isNullable=False, defaultValue="none")
            ask(_UPDATE_FIELD, id=id_, input={"isNullable": True})
            return _first(plural, name)

        return step

    def _delete_field(self, plural: str) -> Callable[[Ask], str]:
        def step(ask: Ask) -> str:
            id_ = self._new_field(ask, plural, self._name("gone"), type="TEXT")
            ask(_DELETE_FIELD, id=id_)
            return _first(plural, "id")

        return step

    def _rename_object(self, ask: Ask) -> str:
        _, id_ = self._new_object(ask, "before")
        name = self._name("after")
        ask(_UPDATE_OBJECT, id=id_, input={"nameSingular": name, "namePlural": f"{name}s"})
        return f"{{ {name}s {{ totalCount }} }}"

    def _delete_object(self, ask: Ask) -> str:
        _, id_ = self._new_object(ask, "doomed")
        ask(_DELETE_OBJECT, id=id_)
        return "{ people { totalCount } }"


def _first(plural: str, selection: str) -> str:
    return f"{{ {plural}(first: 1) {{ edges {{ node {{ {selection} }} }} }} }}"
