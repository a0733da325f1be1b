"""The audit log of a process: acts that many requests do, in bounded numbers, and the retention."""
