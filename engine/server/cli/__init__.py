"""The subcommands of `fieldstone`."""
