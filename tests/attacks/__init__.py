"""Attacks over real sockets: what one client must not be able to do to the others."""
