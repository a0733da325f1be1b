"""Events: each write leaves one; the log has them in order, and subscribers get them."""
