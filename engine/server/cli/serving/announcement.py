"""The lines that a server prints when it is ready."""

import json

import typer

_QUERY = "{ people(limit: 3, orderBy: { createdAt: DESC }) { edges { node { firstName lastName } } totalCount } }"


def announce(url: str, key: str | None) -> None:
    """Print the server's address, and a line to paste with the key of a development server."""
    typer.echo(f"\nFieldstone is ready at {url}")
    typer.echo(f"  records   {url}/graphql\n  metadata  {url}/metadata")
    if key is None:
        typer.echo("Make a key with: fieldstone api-key create --name NAME\n")
        return
    body = json.dumps({"query": _QUERY})
    typer.echo("Both show GraphiQL in a browser. With the key of this start, which ends with it:\n")
    typer.echo(
        f"curl -s {url}/graphql -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{body}'\n"
    )
