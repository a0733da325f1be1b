"""The planner: a validated operation and a snapshot become plans of SQL; pure."""
