"""Exports: all records under a filter, in pages that follow each other, as the lines of a file."""
