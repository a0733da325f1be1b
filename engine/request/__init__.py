"""The path of a request: from a document and its variables to the bytes of its answer."""
