"""Reads at the nodes of a cluster of Citus."""
