"""The run of a merge of records."""
