"""The values that a write sets: columns, rows, and connected records."""
