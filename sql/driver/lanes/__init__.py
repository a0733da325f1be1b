"""Short reads that share a message: the lanes."""
