"""What workers ask while they work: whether to stop, and whether a block was begun before."""

import asyncio
from collections import Counter, defaultdict
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


class Desk:
    """An actor beside the driver, which all workers ask."""

    def __init__(self) -> None:
        self._stopped = asyncio.Event()
        self._begun: Counter[int] = Counter()
        self._suspects: defaultdict[int, set[str]] = defaultdict(set)

    async def wait(self) -> None:
        """Answer once all is to stop."""
        await self._stopped.wait()

    async def stop(self) -> None:
        """Let no photo be begun any more."""
        self._stopped.set()

    async def begin(self, block: int) -> tuple[int, set[str]]:
        """Note that a block is begun; give how often it was, this time included, and which photos ended a process."""
        self._begun[block] += 1
        return self._begun[block], self._suspects[block]

    async def suspect(self, block: int, photo: str) -> None:
        """Note which photo is in hand, in case that it ends the process."""
        self._suspects[block].add(photo)

    async def clear(self, block: int, photo: str) -> None:
        """Note that it did not."""
        self._suspects[block].discard(photo)


def open_desk() -> Any:
    """Start the actor, on the machine of the driver, with whose death all ends anyhow."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    # Every worker has a question open all the time.
    return ray.remote(Desk).options(num_cpus=0, max_concurrency=100_000, scheduling_strategy=here).remote()
