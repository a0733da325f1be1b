"""Where the benchmarks keep their files."""

from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
WORK = HERE / ".work"
"""Everything that can be made again: the peers, the database, the logs."""
RESULTS = HERE / "results"
