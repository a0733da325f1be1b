"""Made-up results for the tests."""

from benchmarks.results import Measurement, Run, StatementRate


def measurement(
    workload: str,
    server: str,
    connections: int,
    *,
    rate: float,
    tail: float = 3.0,
    variant: str = "",
    failed: int = 0,
) -> Measurement:
    return Measurement(
        workload=workload,
        server=server,
        connections=connections,
        variant=variant,
        requests=1_000,
        failed=failed,
        rate=rate,
        p50=1.0,
        p90=1.5,
        p99=2.0,
        p99_9=tail,
        max=9.0,
        server_cpu=80.0,
        database_cpu=40.0,
        server_memory=70.0,
        database_memory=200.0,
        memory_per_request=0.0,
    )


def run_of(*measurements: Measurement, rates: tuple[StatementRate, ...] = ()) -> Run:
    return Run(
        kind="full",
        started="2026-01-02T03:04:05+00:00",
        minutes=30.0,
        machine={
            "cpu": "A processor",
            "cores": 2,
            "memory_gib": 24.0,
            "system": "Linux 6",
            "python": "3.11.7",
            "postgresql": "18.6",
            "packages": {"psycopg": "3.3"},
        },
        labels={"fieldstone": "Fieldstone", "rest": "REST", "baseline": "By hand", "postgraphile": "PostGraphile 5"},
        titles={"W1": "a person by id", "W4": "an aggregate", "W7": "a mix"},
        measurements=measurements,
        statement_rates=rates,
    )
