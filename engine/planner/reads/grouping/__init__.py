"""Plans of groups: the values that records are grouped by, conditions on groups, their order and their output."""
