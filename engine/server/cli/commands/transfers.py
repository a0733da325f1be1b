"""`fieldstone export` and `fieldstone import`: their options."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.server import cli as work

Plural: TypeAlias = Annotated[str, typer.Argument(metavar="OBJECT", help="The plural name of the object: `people`.")]
Url: TypeAlias = Annotated[str, typer.Option("--url", envvar="FIELDSTONE_URL", help="The address of the server.")]
Key: TypeAlias = Annotated[str, typer.Option("--key", envvar="FIELDSTONE_KEY", help="An API key.")]
FileFormat: TypeAlias = Annotated[
    Format | None, typer.Option("--format", help="The format, where the extension of the file does not say so.")
]

_HERE = "http://127.0.0.1:3000"


def export(
    plural: Plural,
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file, which must not be there yet; `-` is standard output.")
    ],
    key: Key,
    url: Url = _HERE,
    format_: FileFormat = None,
    filter_: Annotated[
        str | None, typer.Option("--filter", help="Conditions such as `city[eq]:Berlin`, as REST takes them.")
    ] = None,
    order_by: Annotated[str | None, typer.Option(help="Fields such as `createdAt[DescNullsLast],name`.")] = None,
    limit: Annotated[int | None, typer.Option(help="The most records; all unless given.", min=0)] = None,
) -> None:
    """Write the records of an object to a file of CSV or JSON Lines, from a running server."""
    source = work.files.Source(url, key, plural, format_)
    given = {"filter": filter_, "order_by": order_by, "limit": None if limit is None else str(limit)}
    parameters = {name: value for name, value in given.items() if value is not None}
    work.exit_codes.run(lambda _: work.files.export(source, path, parameters))


def import_(
    plural: Plural,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file; `-` is standard input.")],
    key: Key,
    url: Url = _HERE,
    format_: FileFormat = None,
    on_conflict: Annotated[
        str | None,
        typer.Option(help="The fields of a unique key, by which records that are there are found and changed."),
    ] = None,
    upsert: Annotated[
        bool, typer.Option("--upsert", help="Find and change them by any unique key that a row has.")
    ] = False,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Write no record if a row is refused.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try all rows, and write none.")] = False,
    mapping: Annotated[
        str | None,
        typer.Option(help='The columns of CSV with other names, `{"E-mail": "email"}`; null passes a column over.'),
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(help="The file of CSV to write the rows to that were refused, with the reasons.")
    ] = None,
) -> None:
    """Send a file of CSV or JSON Lines to a running server, which writes its records.

    A row that is refused is named, and the others are written; the exit code is 1 then. An import that was interrupted
    can be repeated with `--on-conflict`.
    """
    source = work.files.Source(url, key, plural, format_)
    parameters = {"on_conflict": on_conflict} if on_conflict is not None else {}
    parameters |= {"mapping": mapping} if mapping is not None else {}
    parameters |= {"upsert": "true"} if upsert else {}
    parameters |= {"dry_run": "true"} if dry_run else {}
    parameters |= {"all_or_nothing": "true"} if all_or_nothing else {}
    work.exit_codes.run(lambda _: work.files.import_file(source, path, parameters, errors))
