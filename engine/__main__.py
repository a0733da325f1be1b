"""The command `fieldstone`, also `python -m fieldstone.engine`."""

from fieldstone.engine.server.cli.commands.root import cli


def main() -> None:
    """Run the command that the command line asks for."""
    cli()


if __name__ == "__main__":
    main()
