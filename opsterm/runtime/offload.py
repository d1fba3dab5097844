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
        return await asyncio.get_running_loop().run_in_executor(self._pool(pool), work)

    def begin(self, pool: str, work: Callable[[], None]) -> None:
        """Run `work` in the pool of that name, and let nobody wait for it; what it raises is lost."""
        self._pool(pool).submit(work)

    def pool(self, name: str, *, threads: int | None = None) -> Run:
        """Return `run` with the pool already chosen; with a number of threads of its own if it is made by this."""
        if threads is not None:
            self._pool(name, threads)

        async def run(work: Callable[[], T]) -> T:
            return await self.run(name, work)

        return run

    def _pool(self, name: str, threads: int | None = None) -> ThreadPoolExecutor:
        executor = self._pools.get(name)
        if executor is None:
            threads = threads or self._threads
            executor = self._pools[name] = ThreadPoolExecutor(threads, thread_name_prefix=f"opsterm-{name}")
        return executor

    def close(self) -> None:
        """Let running work end, start no more. Does not wait."""
        for executor in self._pools.values():
            executor.shutdown(wait=False, cancel_futures=True)
        self._pools.clear()
