"""The whole records of an export that was cut, behind which it goes on."""

import csv
import json
from pathlib import Path
from typing import NamedTuple

from fieldstone.engine.rest.export_addresses import Format


class Whole(NamedTuple):
    """The whole records of a file.

    Attributes:
        size: bytes up to the end of the last one.
        records: their number.
        last_id: the id of the last one; None if there is none, or records have no id.
    """

    size: int
    records: int
    last_id: str | None


def find_whole(path: Path, format_: Format) -> Whole:
    """Return the whole records of the file of an export; raises OSError."""
    end = b"\r\n" if format_ is Format.CSV else b"\n"
    size = records = 0
    header, last = b"", b""
    with path.open("rb") as file:
        record = b""
        for line in file:
            record += line
            # A line break between quotation marks is part of a cell.
            if not record.endswith(end) or (format_ is Format.CSV and record.count(b'"') % 2):
                continue
            size += len(record)
            if format_ is Format.CSV and not header:
                header = record
            else:
                records, last = records + 1, record
            record = b""
    return Whole(size, records, _id_of(header, last, format_) if records else None)


def _id_of(header: bytes, record: bytes, format_: Format) -> str | None:
    if format_ is Format.CSV:
        # Cells have any length, and the reader of Python refuses those of more than 128 KiB by itself.
        csv.field_size_limit(len(header) + len(record))
        names, cells = csv.reader([header.decode(), record.decode()])
        return dict(zip(names, cells, strict=True)).get("id") or None
    found = json.loads(record).get("id")
    return found if isinstance(found, str) else None
