"""The services of several cells in one process."""
