"""Reads on replicas, under the consistency that a request asks for."""
