"""Attacks over real sockets: limits that keep one client from harming the others."""
