"""What the gateway counts, for Prometheus to fetch. No label carries more than a route, a code or a status."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """The counters of one gateway process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "liandong_requests", "Requests by route and status.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "liandong_request_seconds", "Seconds to an answer, by route.", ("route",), registry=self._registry
        )
        self._refused = Counter(
            "liandong_refused", "Requests that were refused, by reason.", ("code",), registry=self._registry
        )
        self._callbacks = Counter(
            "liandong_callbacks", "Departments' callbacks by kind and outcome.", ("kind", "outcome"),
            registry=self._registry,
        )  # fmt: skip

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def refused(self, code: str) -> None:
        self._refused.labels(code).inc()

    def received(self, kind: str, outcome: str) -> None:
        self._callbacks.labels(kind, outcome).inc()

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
