"""A store that speaks S3, and a cluster of Ray's, both on this machine; the tests of this room share them."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests alone where long ones are not asked for: what they import is not installed for the others."""
    chosen = config.option.markexpr
    return True if collection_path.suffix == ".py" and ("long" not in chosen or "not long" in chosen) else None


@pytest.fixture(scope="session")
def store() -> Iterator[Any]:
    """An S3 server on loopback with a bucket, as fsspec's file system; every process that is started later finds it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"})
    import s3fs

    fs = s3fs.S3FileSystem()
    fs.mkdir("bulk-tests")
    yield fs
    os.environ.clear()
    os.environ.update(before)
    server.stop()


@pytest.fixture(scope="session")
def machines(store: Any) -> Iterator[tuple[Any, list[Any]]]:
    """A cluster with a head that cuts out nothing, and its two machines of one core."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": 100_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    yield cluster, [cluster.add_node(num_cpus=1, object_store_memory=100_000_000) for _ in range(2)]
    cluster.shutdown()
