"""The processes that a supervisor starts: its workers, and their keeper."""
