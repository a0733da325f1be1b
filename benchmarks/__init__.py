"""Measures Fieldstone against other ways to serve GraphQL from PostgreSQL: `python -m benchmarks --help`."""
