"""Root fields about the model that no statement on the catalog answers."""
