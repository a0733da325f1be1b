"""HTTP: the endpoints, and the way of a request through them."""
