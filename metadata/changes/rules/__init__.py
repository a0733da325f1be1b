"""The rules that a change must keep. Pure."""
