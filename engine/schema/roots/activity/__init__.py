"""The root fields of the Metadata API about activity: the numbers of processes, and the events of records."""
