"""The kinds of change: one module for each effect on a snapshot. Pure."""
