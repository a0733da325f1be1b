"""Groups as SQL: the values of a row, the groups, and the records of each group."""
