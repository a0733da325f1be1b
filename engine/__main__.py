"""The command `fieldstone`, also `python -m engine`."""

from engine.commands.cli import cli


def main() -> None:
    """Run the command that the command line asks for."""
    cli()


if __name__ == "__main__":
    main()
