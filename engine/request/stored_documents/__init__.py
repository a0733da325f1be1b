"""Documents that the server keeps: requests name them by an id in the place of their text."""
