"""Tests of several minutes each, with programs that no other test needs: `make test-nightly`."""
