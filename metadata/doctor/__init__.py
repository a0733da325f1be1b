"""What `fieldstone doctor` finds, and what it does about it."""
