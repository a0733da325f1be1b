"""The rights that roles give: rules in ids, the principal's values, and the model as a role sees it."""
