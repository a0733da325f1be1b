"""`fieldstone export` and `fieldstone import`: the files of a server's records, by its REST API."""

import asyncio
import csv
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.server.cli.command_error import CommandError, require_output
from fieldstone.engine.server.cli.question import report
from fieldstone.engine.server.cli.transfers.resuming import Whole, find_whole
from fieldstone.metadata.shown_text import escape

STANDARD = Path("-")
"""Standard input or output in the place of a file."""

_KEY = re.compile(r"[!-~]+")
_PIECE = 65_536
_ATTEMPTS = 10
"""Times that an export goes on without a further record."""
_PAUSE = 1.0
_MOST_SHOWN = 20
_PATIENCE = httpx.Timeout(30.0, read=None, write=None)
"""A server may wait for the rate limit of a role in the middle of a file."""


class Source(NamedTuple):
    """The records of an object at a server.

    Attributes:
        url: of the server.
        key: an API key or a token.
        plural: the plural name of the object.
        format: of the file; None: its extension says so.
    """

    url: str
    key: str
    plural: str
    format: Format | None

    def format_of(self, path: Path) -> Format:
        """Return the format of a file; raises CommandError if nothing says which one it is."""
        if self.format is not None:
            return self.format
        extension = path.suffix.removeprefix(".").lower()
        if extension not in {one.value for one in Format}:
            raise CommandError(f"{path} has neither the extension csv nor jsonl: say which it is by --format")
        return Format(extension)

    @property
    def path(self) -> str:
        """The path of the object at the server."""
        return f"/rest/{quote(self.plural, safe='')}"

    def client(self) -> httpx.AsyncClient:
        """Return a client of the server; raises CommandError where the address or the key cannot be one."""
        if not _is_address(self.url):
            raise CommandError(f"{self.url or 'an empty text'} is not the address of a server: give it by --url")
        if not _KEY.fullmatch(self.key):
            raise CommandError("a key has letters, digits and a few other characters of ASCII: give it by --key")
        headers = {"authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=_PATIENCE)


def _is_address(url: str) -> bool:
    """Return whether a server may have this address."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


async def export(source: Source, path: Path, parameters: dict[str, str]) -> None:
    """Write the records under the parameters of an export to a file, which appears complete or not at all.

    Raises:
        CommandError: the server or the file cannot be had, or the export was cut.
    """
    format_ = source.format_of(path)
    _refuse_existing(path)
    if path == STANDARD:
        require_output()
    part = path.with_name(f"{path.name}.part")
    try:
        async with source.client() as client:
            total = await _count(client, source, parameters)
            if path == STANDARD:
                count = await _receive(client, source, format_, parameters, sys.stdout.buffer, total)
            else:
                count = await _receive_all(client, source, format_, parameters, part, total)
                part.replace(path)
    except httpx.HTTPError as error:
        raise CommandError(_lost(source, error)) from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error}") from None
    typer.echo(f"{escape(source.plural)}: {count:,} records in {path}.", err=True)


async def import_file(source: Source, path: Path, parameters: dict[str, str], errors: Path | None) -> None:
    """Send a file to the server, print the report, and write the rows that were refused as CSV to `errors`.

    Raises:
        CommandError: the server or the file cannot be had, or rows were refused.
    """
    format_ = source.format_of(path)
    try:
        size = _size_of(path)
        with sys.stdin.buffer if path == STANDARD else path.open("rb") as file:
            async with source.client() as client:
                answer = await _send(client, source, format_, parameters, file, size)
                if answer.status_code == httpx.codes.NOT_FOUND and "data" not in _json(answer):
                    # The refusal of a read names the object that is meant.
                    await _count(client, source, {})
    except httpx.HTTPError as error:
        remedy = "; a part of the records may have been written: send the file again with --on-conflict"
        raise CommandError(_lost(source, error) + ("" if isinstance(error, httpx.ConnectError) else remedy)) from None
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    _report(source, answer, errors)


def _refuse_existing(path: Path) -> None:
    if path != STANDARD and path.exists():
        raise CommandError(f"{path} is there already")


def _size_of(path: Path) -> int | None:
    return None if path == STANDARD else path.stat().st_size


async def _count(client: httpx.AsyncClient, source: Source, parameters: dict[str, str]) -> int | None:
    """Return the number of records of an export; None where the role may not know it."""
    given = {"limit": "0"} | {name: parameters[name] for name in ("filter",) if name in parameters}
    answer = await client.get(source.path, params=given)
    found = _read(answer).get("totalCount")
    limit = parameters.get("limit")
    return found if limit is None or found is None else min(found, int(limit))


async def _receive_all(
    client: httpx.AsyncClient,
    source: Source,
    format_: Format,
    parameters: dict[str, str],
    part: Path,
    total: int | None,
) -> int:
    """Write the file of an export, which goes on behind its last whole record if it is cut; return its records."""
    known, attempts, given = Whole(0, 0, None), 0, dict(parameters)
    while True:
        try:
            with part.open("ab" if known.size else "wb") as file:
                return known.records + await _receive(
                    client, source, format_, given, file, total, before=known.records, skips_header=known.size > 0
                )
        except httpx.HTTPError:
            found = find_whole(part, format_)
            attempts = 0 if found.records > known.records else attempts + 1
            # Only in the order of the ids the last record says where the others begin.
            if found.last_id is None or "order_by" in parameters or attempts == _ATTEMPTS:
                raise
            known = found
            os.truncate(part, known.size)
            given["starting_after"] = found.last_id
            if "limit" in parameters:
                given["limit"] = str(int(parameters["limit"]) - known.records)
                if given["limit"] == "0":
                    return known.records
            await asyncio.sleep(_PAUSE)


async def _receive(
    client: httpx.AsyncClient,
    source: Source,
    format_: Format,
    parameters: dict[str, str],
    file: BinaryIO,
    total: int | None,
    *,
    before: int = 0,
    skips_header: bool = False,
) -> int:
    """Write the file of an export, behind the records `before`, and return the number of its records."""
    # The header is no record.
    count = -1 if format_ is Format.CSV else 0
    is_within = False
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    address = f"{source.path}.{format_.value}"
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"export {escape(source.plural)}", total=total)
        async with client.stream("GET", address, params=parameters) as answer:
            if before and answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                # The server may not have seen yet that the connection of the part before was cut.
                answer.raise_for_status()
            if answer.status_code != httpx.codes.OK:
                await answer.aread()
                _read(answer)
            head: bytes | None = b"" if skips_header and format_ is Format.CSV else None
            async for piece in answer.aiter_bytes():
                if format_ is Format.CSV:
                    # A line break between two quotation marks is a part of a cell.
                    parts = piece.split(b'"')
                    count += sum(one.count(b"\r") for one in parts[is_within::2])
                    is_within ^= len(parts) % 2 == 0
                else:
                    count += piece.count(b"\n")
                progress.update(bar, completed=max(0, before + count))
                if head is None:
                    file.write(piece)
                    continue
                _, found, rest = (head + piece).partition(b"\r\n")
                head = None if found else head + piece
                if found:
                    file.write(rest)
    return count


async def _send(
    client: httpx.AsyncClient,
    source: Source,
    format_: Format,
    parameters: dict[str, str],
    file: BinaryIO,
    size: int | None,
) -> httpx.Response:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"import {escape(source.plural)}", total=size)

        async def pieces() -> AsyncIterator[bytes]:
            while piece := file.read(_PIECE):
                yield piece
                progress.advance(bar, len(piece))

        media_type = format_.media_type.partition(b";")[0].decode()
        return await client.post(
            f"{source.path}.{format_.value}",
            params=parameters,
            content=pieces(),
            headers={"content-type": media_type},
        )


def _report(source: Source, answer: httpx.Response, errors: Path | None) -> None:
    shown = _json(answer)
    data = shown.get("data") or {}
    if not data:
        _read(answer)
    result: dict[str, Any]
    (result,) = data.values()
    trial = "nothing was written, of a dry run: " if result["dryRun"] else ""
    typer.echo(
        f"{escape(source.plural)}: {trial}{result['created']:,} created, {result['updated']:,} updated,"
        f" {result['failed']:,} refused."
    )
    for error in result["errors"][:_MOST_SHOWN]:
        report(f"line {error['line']}: {error['message']}")
    if errors is not None and result["errors"]:
        with errors.open("w", encoding="utf-8", newline="") as file:
            names = ("row", "line", "field", "message", "code")
            writer = csv.DictWriter(file, names, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(result["errors"])
    if answer.status_code != httpx.codes.OK:
        raise CommandError(_reason(shown))
    if result["failed"]:
        raise CommandError(f"{result['failed']:,} rows were refused, and the others were written")


def _read(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON of an answer; raises CommandError if it is an error."""
    shown = _json(answer)
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        raise CommandError(_reason(shown))
    return shown


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        shown = json.loads(answer.content)
    except ValueError:
        shown = None
    if not isinstance(shown, dict):
        raise CommandError(f"the server answers with {answer.status_code} and no JSON: is it Fieldstone?")
    return shown


def _reason(shown: dict[str, Any]) -> str:
    messages = shown.get("messages") or [shown.get("message") or "the server gives no reason"]
    return " ".join(map(str, messages))


def _lost(source: Source, error: httpx.HTTPError) -> str:
    reason = str(error) or type(error).__name__
    return f"the connection to {source.url} was lost or could not be made: {reason}"
