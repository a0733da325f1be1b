"""The work of the commands that keep a database."""
