"""Plans of writes: creates, updates and removals, each with its event."""
