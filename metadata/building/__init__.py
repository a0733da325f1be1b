"""What changes mean for the rows that are there: at once, or beside readers and writers after the commit."""
