"""HTTP: what is served at which address, and how."""
