"""The pages beside the APIs, for people, supervisors and Prometheus."""
