"""Mutations with an Idempotency-Key: one effect and one answer, however often they are sent."""
