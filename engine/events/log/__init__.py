"""The event log: written by the sequencer, read in order, kept in partitions."""
