"""The lines that a server prints when it is ready."""

import json

import typer

_QUERY = "{ people(limit: 3, orderBy: { createdAt: DESC }) { edges { node { firstName lastName } } totalCount } }"


def announce(url: str, key: str | None, code: str | None) -> None:
    """Print the server's address, and for a development server its links and a line to paste.

    Args:
        url: the server's address.
        key: the key of a development server.
        code: signs a browser in once; None for a server without the console.
    """
    typer.echo(f"\nFieldstone is ready at {url}")
    typer.echo(f"  records   {url}/graphql\n  metadata  {url}/metadata")
    if key is None:
        typer.echo("Make a key with: fieldstone api-key create --name NAME\n")
        return
    body = json.dumps({"query": _QUERY})
    if code is not None:
        # A browser sends the part behind # to no server, and so to no log.
        typer.echo(f"\nThe console, signed in by this link once and within an hour:\n\n{url}/console/#code={code}\n")
        typer.echo("Both APIs show GraphiQL in a browser.")
    typer.echo("With the key of this start, which ends with it:\n")
    typer.echo(
        f"curl -s {url}/graphql -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{body}'\n"
    )
