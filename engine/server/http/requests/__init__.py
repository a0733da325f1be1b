"""The parts of a request of HTTP: its head, its body, the operations in it, and the facts for its line in the log."""
