"""The statements that merge records into one."""
