"""Tests of `sql/driver/sharing`."""
