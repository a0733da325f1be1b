"""The report: the measures as Markdown tables."""

from collections.abc import Mapping
from typing import Any


def render(result: Mapping[str, Any]) -> str:
    """Return the report of a run."""
    catalog = result["catalog"]
    lines = [
        f"A catalog with {catalog['workspaces']:,} workspaces takes {catalog['bytes'] / 1e9:.1f} GB.",
        "",
        "| one after the other | p50, ms | p99, ms | CPU of Fieldstone, ms | CPU of PostgreSQL, ms |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {step['name']} | {step['ms']:.2f} | {step['p99_ms']:.2f} | {step['cpu_ms']:.2f}"
            f" | {step['database_ms']:.2f} |"
            for step in catalog["steps"]
        ),
        "",
        f"Requests of one process that miss a cache, in %; a model takes {result['model_bytes'] / 1024:.0f} KiB.",
        "",
        "| workspaces | Zipf's exponent | MODEL_CACHE_MB | models kept | model missed | key missed | CPU, us each |",
        "|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {one['load']['workspaces']:,} | {one['load']['exponent']} | {one['load']['cache_mb']:,}"
            f" | {one['models']:,} | {one['model'] * 100:.2f} | {one['key'] * 100:.2f} | {one['cpu_us']:.1f} |"
            for one in result["misses"]
        ),
    ]
    return "\n".join([*lines, ""])
