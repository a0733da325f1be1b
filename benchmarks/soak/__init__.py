"""A soak: hours in minutes, with faults."""
