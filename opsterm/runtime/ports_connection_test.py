"""What a connection test is made of: the phases of a connection as data, and how an edge tells of them.

A test opens a connection of its own, by the same code as every other, and hears of each phase as it begins and ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from opsterm.core.clock import Clock
from opsterm.core.errors import HostKeyUnknown, OpstermError
from opsterm.core.text import clean_line

DETAIL_LIMIT = 300
"""Characters of what a phase found: much of it is a stranger's."""


class Phase(StrEnum):
    """One step of a connection, in words for people and scripts."""

    CONFIG = "settings"
    LOOKUP = "name look-up"
    TCP = "TCP connection"
    TUNNEL = "way through"
    TLS = "TLS"
    GREETING = "greeting"
    HOST_KEY = "host key"
    LOG_IN = "log-in"
    ANSWER = "answer"
    COMMAND = "first command"


class PhaseState(StrEnum):
    """How far a phase is."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseResult:
    """One phase, as it stands.

    Attributes:
        phase: which.
        host: whose: the target, or a jump host before it; cleaned.
        state: how far it is.
        took_s: seconds it took; None while it runs.
        detail: what was found, one line, cleaned; "" for nothing worth saying.
        what: what went wrong, "" when nothing did.
        why: in the system's or the server's words.
        next_step: how to mend it.
        fingerprint: of a host key that is not known and may be trusted, else "".
    """

    phase: Phase
    host: str
    state: PhaseState = PhaseState.RUNNING
    took_s: float | None = None
    detail: str = ""
    what: str = ""
    why: str = ""
    next_step: str = ""
    fingerprint: str = ""


class Steps(Protocol):
    """Hears how a connection comes about."""

    def begin(self, phase: Phase, host: str) -> None:
        """Hear that a phase begins; one that ran before has passed."""
        ...

    def found(self, detail: str) -> None:
        """Hear what the phase that runs has found, in one line; a later word replaces an earlier one."""
        ...


class Unheard:
    """Steps that nobody hears: what every connection but a test's tells them to."""

    def begin(self, phase: Phase, host: str) -> None:
        """Do nothing."""

    def found(self, detail: str) -> None:
        """Do nothing."""


UNHEARD: Steps = Unheard()


class PhaseLog:
    """Implements `Steps`: keeps the phases of one test, measures them, and tells each as it changes.

    Attributes:
        results: so far, in order.
    """

    def __init__(self, clock: Clock, tell: Callable[[int, PhaseResult], None]) -> None:
        """Begin with nothing.

        Args:
            clock: measures.
            tell: called with the place of a phase in `results`, and how it stands now.
        """
        self.results: list[PhaseResult] = []
        self._clock = clock
        self._tell = tell
        self._began = 0.0

    def begin(self, phase: Phase, host: str) -> None:
        """See `Steps.begin`; the same phase again, as for another address of one name, goes on."""
        if self._runs and (self.results[-1].phase, self.results[-1].host) == (phase, clean_line(host, limit=255)):
            return
        self.passed()
        self._began = self._clock.monotonic()
        self.results.append(PhaseResult(phase=phase, host=clean_line(host, limit=255)))
        self._told()

    def found(self, detail: str) -> None:
        """See `Steps.found`."""
        if self._runs:
            self._set(replace(self.results[-1], detail=clean_line(detail, limit=DETAIL_LIMIT)))

    def passed(self) -> None:
        """Say that the phase that runs has passed; harmless when none runs."""
        if self._runs:
            self._set(replace(self.results[-1], state=PhaseState.PASSED, took_s=self._took))

    def failed(self, error: OpstermError) -> None:
        """Say that the phase that runs has failed."""
        if self._runs:
            trustable = error.fingerprint if isinstance(error, HostKeyUnknown) else ""
            self._set(replace(
                self.results[-1], state=PhaseState.FAILED, took_s=self._took, what=error.what, why=error.why,
                next_step=error.next_step, fingerprint=trustable,
            ))  # fmt: skip

    @property
    def _runs(self) -> bool:
        return bool(self.results) and self.results[-1].state is PhaseState.RUNNING

    @property
    def _took(self) -> float:
        return self._clock.monotonic() - self._began

    def _set(self, result: PhaseResult) -> None:
        self.results[-1] = result
        self._told()

    def _told(self) -> None:
        self._tell(len(self.results) - 1, self.results[-1])
