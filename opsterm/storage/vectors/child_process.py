"""A child of ours, from its parent's side: started when it is needed, asked one thing at a time, killed when late."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from opsterm.core.errors import StorageError
from opsterm.core.paths import make_private
from opsterm.runtime.offload import Run
from opsterm.storage.vectors.frames import LENGTHS, BadFrame, Head, head_of, lengths, pack

END_LIMIT_S = 3.0
_PACKAGE_ROOT = Path(__file__).resolve().parents[3]


class ChildGone(StorageError):
    """The child has ended, or was ended because it took too long."""


class ChildProcess:
    """Runs one of the programs beside this file.

    It gets an environment of its own and starts in a private folder: neither a `.env` nor a proxy of whoever
    started opsterm means anything to it.
    """

    def __init__(self, program: str, folder: Path, run: Run) -> None:
        """Name the module, and the folder it starts in; `run` calls off the loop."""
        self._program = program
        self._folder = folder
        self._run = run
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether it is answering somebody."""
        return self._turn.locked()

    @property
    def is_there(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.returncode is None

    @property
    def pid(self) -> int:
        """Its number, 0 for none."""
        return self._child.pid if self._child is not None and self.is_there else 0

    async def ask(self, head: Head, body: bytes = b"", *, timeout_s: float) -> tuple[Head, bytes]:
        """Return its answer; it is started when it does not run.

        Raises:
            ChildGone: it ended, or gave no answer in time and was ended.
            StorageError: it answered that it could not.
        """
        frame = pack(head, body)
        async with self._turn:
            try:
                answer, data = await asyncio.wait_for(self._asked(frame), timeout_s)
            except BaseException as error:  # whoever gives up leaves half an answer in the pipe: nobody may read it
                self.kill()
                if isinstance(error, EOFError | OSError | BadFrame | TimeoutError):
                    raise ChildGone(
                        "The process that searches vectors has ended.", why=f"{type(error).__name__} at {head['verb']}."
                    ) from error
                raise
        if "fault" in answer:
            raise StorageError("Vectors cannot be used.", why=str(answer["fault"]))
        return answer, data

    async def _asked(self, frame: bytes) -> tuple[Head, bytes]:
        child = self._child if self._child is not None and self._child.returncode is None else await self._started()
        assert child.stdin is not None  # noqa: S101 (it was started with pipes)
        assert child.stdout is not None  # noqa: S101 (the same)
        child.stdin.write(frame)
        await child.stdin.drain()
        head_length, body_length = lengths(await child.stdout.readexactly(LENGTHS.size))
        head = head_of(await child.stdout.readexactly(head_length))
        return head, await child.stdout.readexactly(body_length)

    async def _started(self) -> asyncio.subprocess.Process:
        await self._run(lambda: make_private(self._folder))
        words: Sequence[str] = (sys.executable, "-P", "-m", f"opsterm.storage.vectors.{self._program}")
        self._child = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd=self._folder, env=_environment(self._folder), start_new_session=True,
        )  # fmt: skip
        return self._child

    def kill(self) -> None:
        """End it at once; the next question starts another."""
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()

    async def close(self) -> None:
        """End it and wait until it is gone; safe to call twice."""
        self.kill()
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), END_LIMIT_S)


def _environment(folder: Path) -> dict[str, str]:
    """Return all that the child knows of the world: one thread for sums, no home where a library could leave things."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {
        "PYTHONPATH": str(_PACKAGE_ROOT), "HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
        "TOKENIZERS_PARALLELISM": "false", "ANONYMIZED_TELEMETRY": "False", **threads,
    }  # fmt: skip
