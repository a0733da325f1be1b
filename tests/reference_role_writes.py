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
    """

    snapshot: Snapshot
    object_: Object
    rows: dict[Any, dict[str, Row]]
    ways: Mapping[str, Sequence[WayOf]]
    claims: Mapping[str, Any]
    targets: frozenset[str]
    makes: Sequence[WayOf] = (WayOf(),)

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

    def upsert(self, data: Given) -> None:
        """Create the record, or update the one with its email."""
        refused = []
        creating: tuple[Sequence[WayOf], Given] = ((), data)
        changing: tuple[Sequence[WayOf], Given] = ((), {})
        try:
            creating = self._admit("create", {k: v for k, v in data.items() if k != "id"})
        except Refused as error:
            refused.append(error)
        # One statement changes all records, with the same presets.
        updates = [way for way in self.ways["update"] if way.preset == self.ways["update"][0].preset]
        try:
            changing = _admit(updates, {k: v for k, v in data.items() if k not in ("id", "email")}, self.claims)
        except Refused as error:
            refused.append(error)
        if len(refused) == 2:
            raise refused[0]
        self._check_target(data)
        holder = next(
            (row for row in self.own.values() if row["email"] == data["email"] and not row["deletedAt"]), None
        )
        if holder is not None and self._reads(holder) and self._some_rule(updates, holder):
            ways, given = changing
            self._write({holder["id"]: self._changed(holder, given, ways)})
            return
        ways, given = creating
        self._write({data["id"]: self._created({**given, "id": data["id"]}, ways)})

    def upsert_with(self, data: Given, made: Given, connects: str | None) -> None:
        """Create the person or update the one with its email, and create its company unless one is there to connect."""
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
        holder = next(
            (row for row in self.own.values() if row["email"] == data["email"] and not row["deletedAt"]), None
        )
        is_found = holder is not None and self._reads(holder) and self._some_rule(self.ways["update"], holder)
        taken = changing if is_found else creating
        if taken is None:
            raise Refused("FORBIDDEN")
        ways, given = taken
        if connects is None or connects not in self.targets:
            self._make_company(made)
        else:
            given = {**given, "companyId": connects}
        if is_found and holder is not None:
            self._write({holder["id"]: self._changed(holder, given, ways)})
            return
        if '"company"' in json.dumps([way.check for way in ways]):
            # A check of the company waits for the end, and the unique key does not.
            self._write({data["id"]: {**_BLANK, **given, "id": data["id"]}})
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
        image = {**row, **given}
        for way in ways:
            check = way.rule if way.check is None else way.check
            if self._is(way.rule, row) and self._is(check, image):
                return image
        raise Refused("FORBIDDEN")

    def _created(self, given: Given, ways: Sequence[WayOf]) -> Row:
        image = {**_BLANK, **given}
        if not any(self._is(way.check, image) for way in ways):
            raise Refused("FORBIDDEN")
        return image

    def _check_target(self, data: Given) -> None:
        if data.get("companyId") is not None and data["companyId"] not in self.targets:
            raise Refused("NOT_FOUND")

    def _write(self, rows: Mapping[str, Row]) -> None:
        self.own.update(rows)
        self._check_keys()

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
