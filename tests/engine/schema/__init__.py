"""Tests of engine/schema."""
