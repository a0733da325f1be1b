"""The oracle of a role's writes to one object: each record by itself, the rules told by the reference of filters."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fieldstone.metadata.model import Object, Snapshot
from tests.reference_access import with_claims
from tests.reference_filters import SILENT, Filters
from tests.reference_values import Row

Given = Mapping[str, Any]

_BLANK: Given = dict.fromkeys(("id", "email", "city", "jobTitle", "companyId", "deletedAt"))


class Refused(Exception):
    """The write is refused with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class WayOf:
    """A way as clients write it, by the names of the fields; `key` is the field of `companyId`."""

    rule: Any = None
    check: Any = None
    fields: frozenset[str] | None = None
    preset: Given = field(default_factory=dict)

    def allows(self, name: str) -> bool:
        """Whether a client may give this member of the data."""
        return self.may_write(name) and name not in self.preset

    def may_write(self, name: str) -> bool:
        """Whether its fields hold the one of this member."""
        return self.fields is None or name.removesuffix("Id") in self.fields


@dataclass(kw_only=True)
class RoleWrites:
    """The rows of all objects, and the ways of a role on one of them.

    Attributes:
        targets: the companies that it may connect.
        makes: the ways in which it creates companies.
        writes_more: whether the mutation writes other records too, so that a check of the company waits for its end.
    """

    snapshot: Snapshot
    object_: Object
    rows: dict[Any, dict[str, Row]]
    ways: Mapping[str, Sequence[WayOf]]
    claims: Mapping[str, Any]
    targets: frozenset[str]
    makes: Sequence[WayOf] = (WayOf(),)
    writes_more: bool = False
    _waiting: list[tuple[Row, Sequence[Any]]] = field(default_factory=list)

    @property
    def own(self) -> dict[str, Row]:
        """The rows of the object."""
        return self.rows[self.object_.id]

    def update(self, id_: str, data: Given) -> None:
        """Update a record."""
        ways, given = self._admit("update", data)
        row = self._find(id_, ways)
        self._check_target(data)
        self._write({id_: self._changed(row, given, ways)})

    def update_rows(self, changes: Mapping[str, Given]) -> None:
        """Update several records, each in its way."""
        admitted = {id_: self._admit("update", data) for id_, data in changes.items()}
        found = dict[str, Row]()
        absent = list[Refused]()
        for id_, (ways, _) in admitted.items():
            try:
                found[id_] = self._find(id_, ways)
            except Refused as error:
                absent.append(error)
        if absent:
            raise next((error for error in absent if error.code == "FORBIDDEN"), absent[0])
        for data in changes.values():
            self._check_target(data)
        self._write({id_: self._changed(found[id_], given, ways) for id_, (ways, given) in admitted.items()})

    def update_all(self, condition: Any, data: Given) -> None:
        """Update the records under a filter."""
        ways, given = self._admit("update", data)
        meant = [
            row
            for row in self.own.values()
            if self._reads(row) and not row["deletedAt"] and self._is(condition, row) and self._some_rule(ways, row)
        ]
        self._check_target(data)
        self._write({row["id"]: self._changed(row, given, ways) for row in meant})

    def create(self, rows: Sequence[Given]) -> None:
        """Create records, each with an id."""
        admitted = [self._admit("create", {k: v for k, v in row.items() if k != "id"}) for row in rows]
        for row in rows:
            self._check_target(row)
        made = {}
        for row, (ways, given) in zip(rows, admitted, strict=True):
            made[row["id"]] = self._created({**given, "id": row["id"]}, ways)
        self._write(made)

    def upsert(self, *rows: Given) -> None:
        """Create each record, or update the one with its email."""
        admitted = [self._admit_upsert(data) for data in rows]
        for data in rows:
            self._check_target(data)
        images = dict[str, Row]()
        for data, (creating, changing) in zip(rows, admitted, strict=True):
            holder = self._holder(data["email"], self._alike_updates)
            if holder is None:
                ways, given = creating
                images[data["id"]] = self._created({**given, "id": data["id"]}, ways)
            else:
                ways, given = changing
                images[holder["id"]] = self._changed(holder, given, ways)
        self._write(images)

    @property
    def _alike_updates(self) -> Sequence[WayOf]:
        """The ways of an upsert's changes: one statement changes all records, with the same presets."""
        return [way for way in self.ways["update"] if way.preset == self.ways["update"][0].preset]

    def _holder(self, email: str, updates: Sequence[WayOf]) -> Row | None:
        """The live record with the email that an upsert finds."""
        row = next((row for row in self.own.values() if row["email"] == email and not row["deletedAt"]), None)
        return row if row is not None and self._reads(row) and self._some_rule(updates, row) else None

    def _admit_upsert(self, data: Given) -> tuple[tuple[Sequence[WayOf], Given], tuple[Sequence[WayOf], Given]]:
        """The ways of a creation and of a change that admit the data, each with the data and its presets."""
        refused = []
        creating: tuple[Sequence[WayOf], Given] = ((), data)
        changing: tuple[Sequence[WayOf], Given] = ((), {})
        try:
            creating = self._admit("create", {k: v for k, v in data.items() if k != "id"})
        except Refused as error:
            refused.append(error)
        try:
            named = {k: v for k, v in data.items() if k not in ("id", "email")}
            changing = _admit(self._alike_updates, named, self.claims)
        except Refused as error:
            refused.append(error)
        if len(refused) == 2:
            raise refused[0]
        return creating, changing

    def upsert_with(self, data: Given, made: Given, connects: str | None) -> None:
        """Create the person or update the one with its email, and create its company unless one is there to connect."""
        self.writes_more = True
        if connects is None and not self.makes:
            raise Refused("FORBIDDEN")
        named = {
            **{name: value for name, value in data.items() if name not in ("id", "email")},
            "companyId": made["id"],
        }
        creating = self._try_admit(self.ways["create"], {"email": data["email"], **named})
        changing = self._try_admit(self.ways["update"], named)
        if creating is None and changing is None:
            raise Refused("FORBIDDEN")
        holder = self._holder(data["email"], self.ways["update"])
        taken = creating if holder is None else changing
        if taken is None:
            raise Refused("FORBIDDEN")
        ways, given = taken
        if connects is None or connects not in self.targets:
            self._make_company(made)
        else:
            given = {**given, "companyId": connects}
        if holder is not None:
            self._write({holder["id"]: self._changed(holder, given, ways)})
            return
        self._write({data["id"]: self._created({**given, "id": data["id"]}, ways)})

    def _make_company(self, made: Given) -> None:
        companies = next(rows for rows in self.rows.values() if any("annualRevenue" in row for row in rows.values()))
        row = {**dict.fromkeys(next(iter(companies.values()))), **made}
        if not any(way.check is None or with_claims(way.check, self.claims) == _named(row) for way in self.makes):
            raise Refused("FORBIDDEN")
        companies[made["id"]] = row

    def _try_admit(self, ways: Sequence[WayOf], data: Given) -> tuple[Sequence[WayOf], Given] | None:
        try:
            return _admit(ways, data, self.claims)
        except Refused:
            return None

    def merge(self, ids: Sequence[str], kept: str) -> None:
        """Merge records into the one that is kept."""
        self.writes_more = True
        updates, deletes = self.ways["update"], self.ways["delete"]
        if not (updates and deletes) or any(way.fields is not None or way.preset for way in updates):
            raise Refused("FORBIDDEN")
        rows = {id_: self.own[id_] for id_ in ids if id_ in self.own}
        if any(id_ not in rows or rows[id_]["deletedAt"] or not self._reads(rows[id_]) for id_ in ids):
            raise Refused("NOT_FOUND")
        for id_, row in rows.items():
            if not self._some_rule(updates if id_ == kept else deletes, row):
                raise Refused("FORBIDDEN")
        filled: dict[str, Any] = {}
        for row in (rows[kept], *(rows[id_] for id_ in ids)):
            filled |= {name: row[name] for name in _BLANK if row[name] and not filled.get(name)}
        written = {kept: self._changed(rows[kept], filled, updates)}
        self._write(written | {id_: {**rows[id_], "deletedAt": "now"} for id_ in ids if id_ != kept})

    def remove(self, action: str, id_: str) -> None:
        """Delete, restore or destroy a record."""
        ways = self.ways[action]
        if not ways:
            raise Refused("FORBIDDEN")
        self._find(id_, ways, deleted={"delete": False, "restore": True, "destroy": None}[action])
        if action == "destroy":
            del self.own[id_]
        else:
            self.own[id_] = {**self.own[id_], "deletedAt": "now" if action == "delete" else None}
            self._check_keys()

    def _admit(self, action: str, data: Given) -> tuple[Sequence[WayOf], Given]:
        return _admit(self.ways[action], data, self.claims)

    def _find(self, id_: str, ways: Sequence[WayOf], *, deleted: bool | None = False) -> Row:
        row = self.own.get(id_)
        if row is None or not self._reads(row) or (deleted is not None and bool(row["deletedAt"]) is not deleted):
            raise Refused("NOT_FOUND")
        if not self._some_rule(ways, row):
            raise Refused("FORBIDDEN")
        return row

    def _reads(self, row: Row) -> bool:
        brings_back = self.ways["restore"] or self.ways["destroy"]
        return bool(not row["deletedAt"] or brings_back) and self._some_rule(self.ways["read"], row)

    def _some_rule(self, ways: Sequence[WayOf], row: Row) -> bool:
        return any(self._is(way.rule, row) for way in ways)

    def _is(self, condition: Any, row: Row) -> bool:
        if condition is None:
            return True
        said = Filters(self.snapshot, self.rows).truth(self.object_, row, with_claims(condition, self.claims))
        return said in {True, SILENT}

    def _changed(self, row: Row, given: Given, ways: Sequence[WayOf]) -> Row:
        checks = [way.rule if way.check is None else way.check for way in ways if self._is(way.rule, row)]
        return self._taken({**row, **given}, checks)

    def _created(self, given: Given, ways: Sequence[WayOf]) -> Row:
        return self._taken({**_BLANK, **given}, [way.check for way in ways])

    def _taken(self, image: Row, checks: Sequence[Any]) -> Row:
        """The record as it will be, which must fulfil one of the checks, now or when all is written."""
        taking = [check for check in checks if self._waits(check) or self._is(check, image)]
        if not taking:
            raise Refused("FORBIDDEN")
        if all(map(self._waits, taking)):
            self._waiting.append((image, taking))
        return image

    def _waits(self, check: Any) -> bool:
        """Whether a check is asked when all is written, so that a key which is taken comes first."""
        text = json.dumps(check)
        return any(f'"{name}"' in text for name in ("people", "opportunities", *["company"][: self.writes_more]))

    def _check_target(self, data: Given) -> None:
        if data.get("companyId") is not None and data["companyId"] not in self.targets:
            raise Refused("NOT_FOUND")

    def _write(self, rows: Mapping[str, Row]) -> None:
        self.own.update(rows)
        self._check_keys()
        for image, checks in self._waiting:
            if not any(self._is(check, image) for check in checks):
                raise Refused("FORBIDDEN")

    def _check_keys(self) -> None:
        emails = [row["email"] for row in self.own.values() if not row["deletedAt"]]
        if len({*emails}) < len(emails):
            raise Refused("CONFLICT")


def _named(row: Row) -> dict[str, Any]:
    return {"name": {"eq": row["name"]}}


def _admit(ways: Sequence[WayOf], data: Given, claims: Mapping[str, Any]) -> tuple[Sequence[WayOf], Given]:
    """The ways that admit the data, and the data with the presets of the first one."""
    admitted = [way for way in ways if all(map(way.allows, data))]
    if not admitted:
        raise Refused("FORBIDDEN")
    preset = admitted[0].preset
    alike = [
        way
        for way in admitted
        if way.preset.keys() <= preset.keys() and all(name in way.preset or way.may_write(name) for name in preset)
    ]
    return alike, {**data, **with_claims(preset, claims)}
