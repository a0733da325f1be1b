"""Faults of the machines and services around Fieldstone, each under load, with a table of the damage that it does."""
