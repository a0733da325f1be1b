"""Records from a server into a file, and from a file into a server."""
