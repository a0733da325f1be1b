"""The arguments of an operation as the planner reads them."""
