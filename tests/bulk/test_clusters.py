"""What docs/bulk.md has for clusters, held against the schemas of those who read it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import ray
import yaml

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/bulk.md").read_text(encoding="utf-8")
RAY = re.search(r"^ray==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]  # type: ignore[index]

RAY_JOB = {"entrypoint": str, "backoffLimit": int, "shutdownAfterJobFinishes": bool, "ttlSecondsAfterFinished": int,
           "rayClusterSpec": dict}  # fmt: skip
RAY_CLUSTER = {"rayVersion": str, "headGroupSpec": dict, "workerGroupSpecs": list}
HEAD = {"rayStartParams": dict, "template": dict}
WORKERS = HEAD | {"groupName": str, "replicas": int, "minReplicas": int, "maxReplicas": int}
"""Those fields of KubeRay's ray.io/v1 that the manifest has, by its Go types RayJobSpec and RayClusterSpec."""


def block(beginning: str) -> Any:
    return yaml.safe_load(next(text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if beginning in text))


def of_types(found: dict[str, Any], types: dict[str, type]) -> dict[str, Any]:
    assert {name: type(value) for name, value in found.items()} == types
    return found


def test_the_job_for_kubernetes_has_fields_that_there_are() -> None:
    job = block("kind: RayJob")
    spec = of_types(job.pop("spec"), RAY_JOB)
    assert job == {"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": {"name": "recorte-bulk"}}
    cluster = of_types(spec["rayClusterSpec"], RAY_CLUSTER)
    head = of_types(cluster["headGroupSpec"], HEAD)
    (workers,) = [of_types(group, WORKERS) for group in cluster["workerGroupSpecs"]]
    assert head["rayStartParams"] == {"num-cpus": "0"}  # it cuts out nothing; KubeRay takes text alone
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]
    for group in (head, workers):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": group["template"]["spec"]}
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
    assert cluster["rayVersion"] == RAY
    assert f"FROM rayproject/ray:{RAY}-" in PAGE


def test_the_cluster_of_ray_up_has_fields_that_there_are() -> None:
    cluster = block("cluster_name:")
    schema = json.loads((Path(ray.__file__).parent / "autoscaler/ray-schema.json").read_text())
    jsonschema.validate(cluster, schema)
    assert cluster["head_node_type"] in cluster["available_node_types"]
    assert any(f"'ray[default]=={RAY}'" in command for command in cluster["setup_commands"])


def test_the_commands_for_clusters_have_options_that_there_are() -> None:
    told = subprocess.run([sys.executable, "-m", "recorte", "bulk", "--help"], capture_output=True, text=True)
    commands = re.findall(r"recorte bulk (?:s3://|/scratch)[^\n|]*", PAGE)
    assert len(commands) == 5
    for command in commands:
        assert not [option for option in re.findall(r" (--?\w[\w-]*)", command) if option not in told.stdout]
    started = subprocess.run(
        [Path(sys.executable).with_name("ray"), "symmetric-run", "--help"], capture_output=True, text=True
    )
    assert "--min-nodes" in started.stdout
    assert "--address" in started.stdout
