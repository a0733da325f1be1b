"""A long series of changes of the model, of every kind, each with the documents that tell whether it is seen."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fieldstone.metadata.field_types import FIELD_TYPES, RELATIONS, FieldType, subfields_of

Ask = Callable[..., Any]
"""Sends a mutation with its variables to the Metadata API and returns its data."""

CREATE_OBJECT = "mutation ($input: CreateObjectInput!) { createObject(input: $input) { id } }"
CREATE_FIELD = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
_UPDATE_OBJECT = "mutation ($id: UUID!, $input: UpdateObjectInput!) { updateObject(id: $id, input: $input) { id } }"
_UPDATE_FIELD = "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }"
_DELETE_FIELD = "mutation ($id: UUID!) { deleteField(id: $id) { id } }"
_DELETE_OBJECT = "mutation ($id: UUID!) { deleteObject(id: $id) { id } }"
_CREATE_INDEX = "mutation ($input: CreateIndexInput!) { createIndex(input: $input) { id } }"
_DELETE_INDEX = "mutation ($id: UUID!) { deleteIndex(id: $id) { id } }"
_APPLY_CHANGES = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }"
_ROLL_BACK = "mutation ($to: BigInt!) { rollback(to: $to) }"
_VERSION = "{ metadataHistory(orderBy: [{ version: DESC }], first: 1) { edges { node { version } } } }"


def _options(*values: str) -> list[dict[str, Any]]:
    return [{"value": value, "label": value, "position": place} for place, value in enumerate(values)]


_OPTIONS = _options("RED", "BLUE")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a change.

    Attributes:
        document: an operation that is valid from then on.
        gone: an operation that is not valid any more.
    """

    document: str
    gone: str | None = None


Step = Callable[[Ask], Outcome]
"""Makes a change."""


@dataclass(slots=True, kw_only=True)
class Series:
    """Changes that are made one after the other, through whatever process.

    Attributes:
        objects: the ids of the objects whose fields are changed, by plural name.
    """

    objects: dict[str, str]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def steps(self) -> Iterator[Step]:
        """Yield changes without end, each kind in turn."""
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
            yield self._describe_field(next(plurals))
            yield self._change_options(next(plurals))
            yield self._require_from_the_start(next(plurals))
            yield self._require_later(next(plurals))
            yield self._make_unique(next(plurals))
            yield self._deactivate_field(next(plurals))
            yield self._change_on_delete(next(plurals))
            for method in ("btree", "trigram"):
                yield self._create_index(next(plurals), method)
            yield self._apply_several(next(plurals))
            yield self._roll_back(next(plurals))
            yield self._delete_field(next(plurals))
            yield self._delete_relation(next(plurals))
            yield self._rename_object
            yield self._deactivate_object
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

    def _create_object(self, ask: Ask) -> Outcome:
        name, _ = self._new_object(ask, "thing")
        return Outcome(f"{{ {name}s {{ totalCount edges {{ node {{ id name }} }} }} }}")

    def _create_field(self, plural: str, field_type: FieldType) -> Step:
        def step(ask: Ask) -> Outcome:
            name = self._name("field")
            entry = FIELD_TYPES[field_type]
            own_options = entry.has_options and not entry.fixed_options
            options = {"options": _OPTIONS} if own_options else {}
            self._new_field(ask, plural, name, type=field_type.value, **options)
            parts = [part.name for part in subfields_of(field_type, None) if part.name]
            return Outcome(_first(plural, f"{name} {{ {' '.join(parts)} }}" if parts else name))

        return step

    def _create_relation(self, plural: str, kind: str) -> Step:
        def step(ask: Ask) -> Outcome:
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
            return Outcome("{ one: " + documents[0][1:-1] + " two: " + documents[1][1:-1] + "}")

        return step

    def _create_morph_relation(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, inverse = self._name("morph"), self._name("inverse")
            targets = [
                {"targetObjectMetadataId": id_, "targetFieldLabel": inverse, "targetFieldName": inverse}
                for id_ in (self.objects["companies"], self.objects["people"])
            ]
            self._new_field(ask, plural, name, type="MORPH_RELATION", morphRelationsCreationPayload=targets)
            return Outcome(_first("companies", f"{inverse} {{ totalCount }}"))

        return step

    def _create_vector(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            text, name = self._name("text"), self._name("words")
            self._new_field(ask, plural, text, type="TEXT")
            self._new_field(ask, plural, name, type="TS_VECTOR", settings={"fields": [text]})
            return Outcome(f'{{ {plural}(filter: {{ {name}: {{ search: "x" }} }}) {{ totalCount }} }}')

        return step

    def _new_text(self, ask: Ask, plural: str, stem: str, **values: Any) -> tuple[str, str]:
        name = self._name(stem)
        return name, self._new_field(ask, plural, name, type="TEXT", **values)

    def _rename_field(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            _, id_ = self._new_text(ask, plural, "old")
            name = self._name("renamed")
            ask(_UPDATE_FIELD, id=id_, input={"name": name})
            return Outcome(_first(plural, name))

        return step

    def _describe_field(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_text(ask, plural, "described")
            ask(_UPDATE_FIELD, id=id_, input={"label": "L", "description": "D", "icon": "i", "defaultValue": "none"})
            return Outcome(_first(plural, name))

        return step

    def _change_options(self, plural: str) -> Step:
        """Add one, rename one with its records, and reorder them."""

        def step(ask: Ask) -> Outcome:
            name = self._name("colour")
            id_ = self._new_field(ask, plural, name, type="SELECT", options=_OPTIONS)
            ask(_UPDATE_FIELD, id=id_, input={"options": _options("BLUE", "RED", "GREEN")})
            given = {"options": _options("GREEN", "BLUE", "PINK"), "optionMapping": {"RED": "PINK"}}
            ask(_UPDATE_FIELD, id=id_, input=given)
            return Outcome(f"{{ {plural}(filter: {{ {name}: {{ in: [PINK, GREEN] }} }}) {{ totalCount }} }}")

        return step

    def _require_from_the_start(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            # A writer that does not know the field leaves it to the default, which must do.
            name, id_ = self._new_text(ask, plural, "must", isNullable=False, defaultValue="none")
            ask(_UPDATE_FIELD, id=id_, input={"isNullable": True})
            return Outcome(_first(plural, name))

        return step

    def _require_later(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_text(ask, plural, "later")
            ask(_UPDATE_FIELD, id=id_, input={"isNullable": False, "backfillValue": "was empty", "defaultValue": "x"})
            return Outcome(f'{{ {plural}(filter: {{ {name}: {{ eq: "was empty" }} }}) {{ totalCount }} }}')

        return step

    def _make_unique(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_text(ask, plural, "single")
            ask(_UPDATE_FIELD, id=id_, input={"isUnique": True})
            other, other_id = self._new_text(ask, plural, "shared", isUnique=True)
            ask(_UPDATE_FIELD, id=other_id, input={"isUnique": False})
            return Outcome(_first(plural, f"{name} {other}"))

        return step

    def _deactivate_field(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_text(ask, plural, "shown")
            _, hidden = self._new_text(ask, plural, "hidden")
            for is_active in (False, True):
                ask(_UPDATE_FIELD, id=id_, input={"isActive": is_active})
            ask(_UPDATE_FIELD, id=hidden, input={"isActive": False})
            return Outcome(_first(plural, name))

        return step

    def _change_on_delete(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_link(ask, plural)
            for rule in ("CASCADE", "RESTRICT"):
                ask(_UPDATE_FIELD, id=id_, input={"settings": {"onDelete": rule}})
            return Outcome(_first(plural, f"{name}Id"))

        return step

    def _create_index(self, plural: str, method: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_text(ask, plural, "sorted")
            given = {"objectMetadataId": self.objects[plural], "fieldMetadataIds": [id_]}
            ids = [
                ask(_CREATE_INDEX, input={**given, "method": method, "isPartial": is_partial})["createIndex"]["id"]
                for is_partial in (False, True)
            ]
            ask(_DELETE_INDEX, id=ids[0])
            return Outcome(f"{{ {plural}(first: 1, orderBy: {{ {name}: ASC }}) {{ edges {{ node {{ id }} }} }} }}")

        return step

    def _apply_several(self, plural: str) -> Step:
        """A new object with fields, one of them renamed, and a link to it, as one version."""

        def step(ask: Ask) -> Outcome:
            name, link, inverse = self._name("batch"), self._name("link"), self._name("inverse")
            labels = {"labelSingular": name, "labelPlural": f"{name}s"}
            of_it = {"objectMetadataId": name, "label": "x"}
            payload = {"targetObjectMetadataId": name, "targetFieldLabel": inverse, "targetFieldName": inverse}
            of_link = {"objectMetadataId": self.objects[plural], "name": link, "label": link, "type": "RELATION"}
            ask(
                _APPLY_CHANGES,
                changes=[
                    {"createObject": {"nameSingular": name, "namePlural": f"{name}s", **labels}},
                    {"createField": {**of_it, "name": "before", "type": "CURRENCY"}},
                    {"createField": {**of_it, "name": "gone", "type": "NUMBER"}},
                    {"createField": {**of_link, "relationCreationPayload": payload}},
                    {"updateField": {"id": f"{name}.before", "update": {"name": "after"}}},
                    {"deleteField": {"id": f"{name}.gone"}},
                ],
            )
            return Outcome(_first(plural, f"{link} {{ after {{ amountMicros }} {inverse} {{ totalCount }} }}"))

        return step

    def _roll_back(self, plural: str) -> Step:
        """A field that was renamed is called as before again, and one that was made is gone."""

        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_text(ask, plural, "kept")
            (edge,) = ask(_VERSION)["metadataHistory"]["edges"]
            ask(_UPDATE_FIELD, id=id_, input={"name": self._name("undone")})
            made, _ = self._new_text(ask, plural, "undone")
            ask(_ROLL_BACK, to=edge["node"]["version"])
            return Outcome(_first(plural, name), gone=_first(plural, made))

        return step

    def _delete_field(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_text(ask, plural, "gone")
            ask(_DELETE_FIELD, id=id_)
            return Outcome(_first(plural, "id"), gone=_first(plural, name))

        return step

    def _delete_relation(self, plural: str) -> Step:
        def step(ask: Ask) -> Outcome:
            name, id_ = self._new_link(ask, plural)
            ask(_DELETE_FIELD, id=id_)
            return Outcome(_first(plural, "id"), gone=_first(plural, f"{name} {{ id }}"))

        return step

    def _new_link(self, ask: Ask, plural: str) -> tuple[str, str]:
        name, inverse = self._name("link"), self._name("inverse")
        target = {
            "targetObjectMetadataId": self.objects["companies"],
            "targetFieldLabel": inverse,
            "targetFieldName": inverse,
        }
        return name, self._new_field(ask, plural, name, type="RELATION", relationCreationPayload=target)

    def _rename_object(self, ask: Ask) -> Outcome:
        _, id_ = self._new_object(ask, "before")
        name = self._name("after")
        ask(_UPDATE_OBJECT, id=id_, input={"nameSingular": name, "namePlural": f"{name}s"})
        return Outcome(f"{{ {name}s {{ totalCount }} }}")

    def _deactivate_object(self, ask: Ask) -> Outcome:
        name, id_ = self._new_object(ask, "sleeper")
        for is_active in (False, True):
            ask(_UPDATE_OBJECT, id=id_, input={"isActive": is_active})
        return Outcome(f"{{ {name}s {{ totalCount }} }}")

    def _delete_object(self, ask: Ask) -> Outcome:
        name, id_ = self._new_object(ask, "doomed")
        ask(_DELETE_OBJECT, id=id_)
        return Outcome("{ people { totalCount } }", gone=f"{{ {name}s {{ totalCount }} }}")


def _first(plural: str, selection: str) -> str:
    return f"{{ {plural}(first: 1) {{ edges {{ node {{ {selection} }} }} }} }}"
