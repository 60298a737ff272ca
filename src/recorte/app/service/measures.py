"""What the service counts, in the form that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Measures:
    """Counters of one service.

    Attributes:
        requests: cut-outs asked for, by the status of the answer.
        taken: requests taken in and not done.
        waiting: seconds between a photo's arrival and the beginning of the work on it.
        working: seconds that a photo took: decoding, network, encoding.
        received: bytes of photos.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter("recorte_requests", "Cut-outs asked for.", ["status"], registry=registry)
        self.taken = Gauge("recorte_requests_taken", "Requests taken in and not done.", registry=registry)
        self.waiting = Histogram(
            "recorte_waiting_seconds", "From a photo's arrival to the work on it.", buckets=SECONDS, registry=registry
        )
        self.working = Histogram("recorte_working_seconds", "Work on a photo.", buckets=SECONDS, registry=registry)
        self.received = Counter("recorte_received_bytes", "Bytes of photos.", registry=registry)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)
