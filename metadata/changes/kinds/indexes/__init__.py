"""The kinds of change that are about indexes."""
