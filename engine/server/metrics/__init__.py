"""The measurements of a process for Prometheus."""
