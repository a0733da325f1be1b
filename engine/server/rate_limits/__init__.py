"""Rate limits: operations in windows of time, counted in this process or in Redis for all processes."""
