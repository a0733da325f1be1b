"""Filters: conditions on the rows of an object, and the operators in them."""
