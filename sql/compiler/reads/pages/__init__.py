"""Pages of records: their order, their cursors, and the output of one."""
