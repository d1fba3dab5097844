"""How the language model stands, as a value: for the status line, the doctor and whoever would ask it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsterm.assistant.stamp import Rung
from opsterm.core.events import Event, event


class ModelPhase(StrEnum):
    """How the model stands."""

    OFF = "off"
    UNKNOWN = "unknown"
    READY = "ready"
    MISSING = "missing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """How the model stands.

    Attributes:
        phase: off (no server is set), unknown (not looked at yet), ready, missing (the server has no such model),
            gone (the server does not answer).
        server: as the settings have it.
        version: of the server.
        model: that is used, "" for none.
        digest: of its content.
        capabilities: what it can do; None when the server does not say.
        loaded: whether it is in the server's memory.
        gpu_percent: how much of it is on graphics cards; None when it is not loaded or the server does not say.
        context: tokens that the server holds for it; 0 when it is not loaded.
        seen: whether the server has ever answered this process.
        why, next_step: of what keeps it from answering.
    """

    phase: ModelPhase
    server: str = ""
    version: str = ""
    model: str = ""
    digest: str = ""
    capabilities: tuple[str, ...] | None = None
    loaded: bool = False
    gpu_percent: int | None = None
    context: int = 0
    seen: bool = False
    why: str = ""
    next_step: str = ""

    @property
    def rung(self) -> Rung:
        """The highest rung there is for an answer now."""
        return Rung.MODEL if self.phase is ModelPhase.READY else Rung.RULES

    @property
    def text(self) -> str:
        """What stands in the status line, a few words."""
        if self.phase is ModelPhase.READY:
            share = "" if self.gpu_percent is None else f" {self.gpu_percent} % GPU"
            return f"model: rules + {self.model}{share}"
        if self.phase is ModelPhase.MISSING:
            return "model: rules (no model)"
        return "model: rules (Ollama gone)" if self.phase is ModelPhase.GONE and self.seen else "model: rules"


@event("model.changed", journaled=False, may_be_shed=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChanged(Event):
    """The model stands otherwise than before: told on the screen only."""

    phase: str
    model: str
