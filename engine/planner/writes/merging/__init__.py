"""The merge of several records into one of them."""
