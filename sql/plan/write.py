"""Write plans: records inserted, changed and removed, each with its event, as plain frozen data.

Each write plan is one statement that answers one row of three columns, and one more if its `rights` tell ways:

    problem  NULL, or the error (see `Problem`), and then nothing was written
    ids      uuid[] of the records written, in the answer's order; NULL from an InsertOne that has a `record`
    answer   JSON text: a list of the records, or NULL where `record` is None (the answer is then read back)
    ways     text[] beside the ids: for each record a 1 at the place of each of the ways that took it, else a 0

Its `most_bytes` are those of a `ReadPlan`, of the answers of the whole transaction: more of them end the statement
before anything is committed.
"""

from enum import Enum

from fieldstone.sql.plan.writes.changes import Delete, Update, UpdateRows
from fieldstone.sql.plan.writes.inserts import CreateTree, Insert, InsertOne
from fieldstone.sql.plan.writes.look_ups import Find, Unfit
from fieldstone.sql.plan.writes.upserts import Upsert


class Problem(Enum):
    """The reason why a write wrote nothing; the value stands in the problem column before a colon and details.

    Of several problems the one told is too many, then a record that no rule allows, then one that is not there, then
    the first row's first missing target, and last the check.
    """

    NOT_FOUND = "not_found"
    """A record is not there (details: JSON list of the ids, in the order given; empty where it was not named by id)."""
    TARGET_NOT_FOUND = "target_not_found"
    """A record to connect to is not there or is deleted (details: JSON [index of the reference, index of the row])."""
    CHANGED = "changed"
    """The row was changed at another time than the one expected (details: JSON [that time, in UTC])."""
    FORBIDDEN = "forbidden"
    """A record is there, but no rule lets it be written (details as of NOT_FOUND, of these ids)."""
    CHECK = "check"
    """No way allows a record as it would be (JSON [index of the row], or [id] of an update)."""
    OUT_OF_RANGE = "out_of_range"
    """A number would leave its column's range (details: JSON [index of the assignment, id of the row])."""
    TOO_MANY = "too_many"
    """More records than `limit` are meant (no colon, no details)."""
    KEY_TWICE = "key_twice"
    """Two rows of an upsert have one unique key (JSON [index of the key, of the first row, of the second, values])."""
    RECORD_TWICE = "record_twice"
    """Two rows of an upsert mean one record by different keys (JSON [index of the first row, of the second])."""
    TWO_RECORDS = "two_records"
    """The keys of an upsert's row are those of different records (JSON [index of the row, one id, another id])."""
    KEY_TAKEN = "key_taken"
    """Another record has a key of a row to insert (JSON [index of the key, index of the row, values])."""


WritePlan = Insert | InsertOne | Upsert | Update | Delete
NestedPlan = CreateTree | UpdateRows | Find | Unfit
