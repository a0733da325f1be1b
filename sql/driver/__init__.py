"""The fast driver over libpq, and the pool that stands in for it."""
