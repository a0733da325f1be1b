"""Read plans as SELECT statements that yield JSON text."""
