"""The catalog's own tables described as objects, so that the Metadata API reads them like records."""
