"""The supervisor of several workers: it starts, watches and replaces them, and has none of their imports."""
