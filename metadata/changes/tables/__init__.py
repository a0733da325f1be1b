"""The effect of a change on the tables: statements and their order. Pure."""
