"""The history of records: their events, as a principal sees them, from the log and from behind its retention."""
