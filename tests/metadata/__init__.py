"""Tests of the package metadata."""
