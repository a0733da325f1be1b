"""Read replicas: real standbys of a real primary."""
