"""`fieldstone serve`: its sockets, its servers and the key of a development server."""
