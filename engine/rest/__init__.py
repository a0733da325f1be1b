"""REST: requests by method and path become operations of the Core API, and their answers REST's."""
