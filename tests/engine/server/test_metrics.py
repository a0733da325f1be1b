"""The counts of requests as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from fieldstone.engine.server.connections.limits import ConnectionLimits
from fieldstone.engine.server.connections.register import Connections
from fieldstone.engine.server.metrics.counts import Requests, Sockets
from fieldstone.engine.server.metrics.metrics import Metrics


def test_requests_are_counted_by_status_and_by_the_time_they_took() -> None:
    requests = Requests()
    metrics = Metrics(requests, Sockets(), lambda: {"": None}, Connections(ConnectionLimits()).stats)
    for seconds in (0.0004, 0.0005, 0.02, 30.0):
        requests.count("/graphql", 200, seconds)
    requests.count("/graphql", 400, 1.0)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }
    assert samples["fieldstone_requests_total", "/graphql", "200"] == 4
    assert samples["fieldstone_requests_total", "/graphql", "400"] == 1
    bucket = "fieldstone_request_seconds_bucket"
    counts = [samples[bucket, "/graphql", bound] for bound in ("0.0005", "0.01", "0.025", "1.0", "20.0", "+Inf")]
    assert counts == [2, 2, 3, 4, 4, 5]
    assert samples["fieldstone_request_seconds_count", "/graphql"] == 5
    assert samples["fieldstone_request_seconds_sum", "/graphql"] == 0.0004 + 0.0005 + 0.02 + 30.0 + 1.0
