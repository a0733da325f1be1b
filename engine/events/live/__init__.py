"""Live queries: grouped by statement, run again after the events that concern them, told where the answer differs."""
