"""Read replicas: their positions in the primary's WAL, and the position that a write has come to."""
