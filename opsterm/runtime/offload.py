"""Blocking work, off the loop: bounded, named pools of threads.

A slow keyring cannot starve the sampling of this host, because each kind of work has threads of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")


class Run(Protocol):
    """The part of `Offload` that an edge needs."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Run `work` in a thread and return what it returns."""
        ...


class Offload:
    """Thread pools by name, made when first used."""

    def __init__(self, *, threads: int = 2) -> None:
        self._threads = threads
        self._pools: dict[str, ThreadPoolExecutor] = {}

    async def run(self, pool: str, work: Callable[[], T]) -> T:
        """Run `work` in the pool of that name and return what it returns, or raise what it raises.

        A cancelled caller leaves the work running to its end: threads cannot be stopped.
        """
        executor = self._pools.get(pool)
        if executor is None:
            executor = self._pools[pool] = ThreadPoolExecutor(self._threads, thread_name_prefix=f"opsterm-{pool}")
        return await asyncio.get_running_loop().run_in_executor(executor, work)

    def pool(self, name: str) -> Run:
        """Return `run` with the pool already chosen."""

        async def run(work: Callable[[], T]) -> T:
            return await self.run(name, work)

        return run

    def close(self) -> None:
        """Let running work end, start no more. Does not wait."""
        for executor in self._pools.values():
            executor.shutdown(wait=False, cancel_futures=True)
        self._pools.clear()
