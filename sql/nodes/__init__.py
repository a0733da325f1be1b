"""The nodes behind a coordinator of Citus, which answer reads of the workspaces that lie on them."""
