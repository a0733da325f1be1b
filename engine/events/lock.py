"""The lock under which the log is written: one process at a time, whoever gets it first."""

LOCK_KEY = 7305437174250336262
"""The number of the advisory lock, which is Fieldstone's own."""
