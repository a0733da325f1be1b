"""Imports: the records of a file, in batches that follow each other."""
