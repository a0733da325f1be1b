"""The report: the measures as Markdown tables."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any


def render(result: Mapping[str, Any]) -> str:
    """Return the report of a run; parts that were not measured are left out."""
    parts = [
        *(_sizes(result["sizes"]) if "sizes" in result else ()),
        *(_load(result["load"]) if "load" in result else ()),
        *(_large(result["large"]) if "large" in result else ()),
        *(_rotation(result["rotation"]) if "rotation" in result else ()),
    ]
    return "\n".join(parts)


def _sizes(sizes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    first = sizes[0]["create_field_ms"]
    yield (
        "| objects | createField, ms | against the smallest | with readers, ms | reads p50 / p99, ms"
        " | during a change p50 / p99, ms | types built | plans dropped of prepared | made again |"
    )
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for one in sizes:
        yield (
            f"| {one['objects']:,} | {one['create_field_ms']:.1f} | {one['create_field_ms'] / first:.2f}"
            f" | {one['create_field_with_readers_ms']:.1f} | {one['read_p50_ms']:.1f} / {one['read_p99_ms']:.1f}"
            f" | {one['read_meanwhile_p50_ms']:.1f} / {one['read_meanwhile_p99_ms']:.1f} | {one['types_built']}"
            f" | {one['plans_dropped']} of {one['documents']} | {one['plans_renewed']} |"
        )
    yield ""


def _load(load: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "| load of 8 connections | swaps | requests | failed | p50, ms | p99, ms | p99.9, ms | memory, MiB |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    titles = {
        "before": "without changes",
        "paced": "with one a second",
        "during": "with one after the other",
        "after": "without again",
    }
    for name, title in titles.items():
        one = load[name]
        yield (
            f"| {title} | {one['swaps']:,} | {one['requests']:,} | {one['failed']} | {one['p50_ms']:.1f}"
            f" | {one['p99_ms']:.1f} | {one['p99_9_ms']:.1f} | {' '.join(map(_whole, one['memory_mib']))} |"
        )
    yield f"\nA change under this load takes {load['during']['swap_p50_ms']:.1f} ms.\n"


def _large(large: Mapping[str, Any]) -> Iterator[str]:
    objects = f"{large['objects']:,} objects"
    yield "| | |"
    yield "|---|---:|"
    if "start_seconds" in large:
        yield f"| start to ready with {objects}, s | {median(large['start_seconds']):.2f} |"
        yield f"| the CPU that it takes, s | {median(large['start_cpu_seconds']):.2f} |"
    if "introspection" in large:
        one = large["introspection"]
        sizes = f"{one['compressed_bytes'] / 1e6:.1f} MB for {one['plain_bytes'] / 1e6:.0f} MB"
        yield f"| the schema of {objects}: first time, ms | {one['first_ms']:.0f} |"
        yield f"| again ({sizes}), ms | {one['again_ms']:.0f} |"
        yield f"| after a change, ms | {one['after_a_change_ms']:.0f} |"
        yield f"| to a client that takes no compression, ms | {one['plain_ms']:.0f} |"
        waits = f"{one['others_meanwhile_p50_ms']:.1f} / {one['others_meanwhile_max_ms']:.1f}"
        yield f"| other requests: p50 before it, ms | {one['others_p50_ms']:.1f} |"
        yield f"| other requests while it is first written: p50 / longest, ms | {waits} |"
    yield ""


def _rotation(one: Mapping[str, Any]) -> Iterator[str]:
    models = one["models"]
    yield "| workspaces in rotation | |"
    yield "|---|---:|"
    yield f"| workspaces, requests | {one['workspaces']:,}, {one['requests']:,} |"
    yield f"| failed | {one['failed']} |"
    yield f"| p50 / p99, ms | {one['p50_ms']:.1f} / {one['p99_ms']:.1f} |"
    yield f"| memory of the process, MiB | {' '.join(map(_whole, one['memory_mib']))} |"
    yield f"| memory of PostgreSQL, MiB | {' '.join(map(_whole, one['database_memory_mib']))} |"
    yield f"| connections to it | {one['backends']} |"
    yield f"| models loaded, evicted | {models.get('load', 0):,.0f}, {models.get('eviction', 0):,.0f} |"
    yield f"| memory of models by their weight, MiB | {models.get('bytes', 0) / 2**20:.0f} |"


def _whole(value: float) -> str:
    return f"{value:.0f}"
