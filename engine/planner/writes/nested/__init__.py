"""Nested writes: the data of a record and of those that it is related to becomes statements in dependency order."""
