"""Connections that stay open: event streams and WebSockets."""
