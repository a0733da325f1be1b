"""The tests of a cluster of Citus are collected where its archive is there; their workspaces are distributed."""

from tests.citus_cluster import ON_CITUS

collect_ignore_glob = [] if ON_CITUS else ["test_*.py"]
