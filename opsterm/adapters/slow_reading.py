"""A question put to a child process now and then, without ever waiting for the answer.

Some readings can hang for ever (a file system whose server is gone) or cost much (the service manager). Each gets a
child process of its own: started when it is due, looked at by later calls, ended when it takes too long. A child
that cannot be ended, because the kernel holds it, is left alone and no second one is started.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


class SlowReading:
    """One such question. Not safe for several threads at once."""

    def __init__(self, command: Sequence[str], *, every_s: float, timeout_s: float = 10.0) -> None:
        """Start nothing yet.

        Args:
            command: program and arguments; its whole output is the answer and must be less than 64 kB.
            every_s: seconds from one start to the next.
            timeout_s: seconds after which the child is killed.
        """
        self._command = tuple(command)
        self._every_s = every_s
        self._timeout_s = timeout_s
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at: float | None = None
        self._missing = False

    def poll(self, monotonic: float) -> str | None:
        """Return the answer once, when it has come; start the next child when it is due. Never waits.

        Args:
            monotonic: seconds of a clock that does not jump.

        Returns:
            The output of a child that ended with 0, else None.
        """
        if self._child is not None:
            return self._collect(self._child, monotonic)
        due = self._started_at is None or monotonic - self._started_at >= self._every_s
        if due and not self._missing:
            self._start(monotonic)
        return None

    def _start(self, monotonic: float) -> None:
        self._started_at = monotonic
        try:
            self._child = subprocess.Popen(  # noqa: S603 (a fixed command of ours, no shell)
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",  # ours may lie on the very file system that hangs
                start_new_session=True,  # ctrl+c on the terminal is not for it
            )
        except FileNotFoundError:
            self._missing = True
        except OSError:
            self._child = None  # no process to be had now; the next time it is due there may be

    def _collect(self, child: subprocess.Popen[bytes], monotonic: float) -> str | None:
        if child.poll() is None:
            if self._started_at is None or monotonic - self._started_at > self._timeout_s:
                child.kill()
            return None
        self._child = None
        with child:  # closes the pipe
            data = b"" if child.stdout is None else child.stdout.read()
        return data.decode("utf-8", "replace") if child.returncode == 0 else None

    def close(self) -> None:
        """End the child if there is one; one that the kernel holds is left to end by itself. Safe to call twice."""
        child, self._child = self._child, None
        self._missing = True
        if child is None:
            return
        child.kill()
        if child.stdout is not None:
            child.stdout.close()
        try:
            child.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            child.returncode = -9  # it is gone for us: keeps the interpreter from warning about it
