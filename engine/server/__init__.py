"""The server: the ASGI app, the settings that compose it, and all that a client connects to."""
