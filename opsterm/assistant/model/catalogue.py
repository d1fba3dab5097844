"""The models of a server: which there are, what each can do, which are loaded and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CHAT, TOOLS, THINK, EMBED = "completion", "tools", "thinking", "embedding"
"""Capabilities, as the server names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """A model that a server has.

    Attributes:
        name: with its tag, as in "qwen3.5:4b".
        digest: of its content.
        size: bytes on disk.
        family: as in "qwen3".
        parameters: as in "4.0B".
        quantization: as in "Q4_K_M".
        remote: host that really runs it, "" for this server.
        capabilities: what it can do; None when the server does not say.
    """

    name: str
    digest: str = ""
    size: int = 0
    family: str = ""
    parameters: str = ""
    quantization: str = ""
    remote: str = ""
    capabilities: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a server says of one model.

    Attributes:
        row: as in the list; without digest and size where the server leaves them out.
        longest_context: tokens that it was trained for, 0 when not said.
        parameters: lines that its maker set, as they stand.
        licence: the first line of its licence.
    """

    row: ModelRow
    longest_context: int = 0
    parameters: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model in a server's memory.

    Attributes:
        name: with its tag.
        size: bytes that it takes.
        on_gpu: bytes of them on graphics cards.
        context: tokens that it holds; 0 when not said.
        expires_at: epoch seconds when it will be unloaded; None when not said.
    """

    name: str
    size: int = 0
    on_gpu: int = 0
    context: int = 0
    expires_at: float | None = None

    @property
    def share(self) -> str:
        """How much of it is on graphics cards, as in "73 % GPU"; "" when the figures make no sense."""
        percent = self.gpu_percent
        return "" if percent is None else f"{percent} % GPU"

    @property
    def gpu_percent(self) -> int | None:
        """How much of it is on graphics cards, 0 to 100; None when the figures make no sense."""
        if self.size <= 0 or not 0 <= self.on_gpu <= self.size:
            return None
        if self.on_gpu in (0, self.size):
            return 100 if self.on_gpu else 0
        on_cpu = int((self.size - self.on_gpu) / self.size * 100 + 0.5)  # half away from zero, as the server's own list
        return 100 - on_cpu


@dataclass(frozen=True, slots=True, kw_only=True)
class PullStep:
    """How far fetching a model is.

    Attributes:
        status: what the server does, as it says.
        done: bytes of all parts that are there.
        total: bytes of all parts that it has told of; 0 before it told of any.
        finished: whether it is complete.
    """

    status: str
    done: int = 0
    total: int = 0
    finished: bool = False


def full_name(name: str) -> str:
    """Return a model's name with its tag: without one a server takes "latest"."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def find_row(name: str, rows: Sequence[ModelRow]) -> ModelRow | None:
    """Return the row of a model; servers do not tell upper from lower case."""
    wanted = full_name(name).lower()
    return next((row for row in rows if full_name(row.name).lower() == wanted), None)


def choose_model(wanted: str, rows: Sequence[ModelRow], loaded: Sequence[LoadedModel], can: str) -> ModelRow | None:
    """Return the model to use: the one that was asked for, else one that is loaded, else the first that can do it.

    One that another host really runs is used only when it is asked for by name: what is said to it leaves the site. A
    server that does not say what its models can do is taken at its first one for talk, and at none for vectors.
    """
    if wanted:
        return find_row(wanted, rows)
    here = [row for row in rows if not row.remote]
    able = [row for row in here if (can in row.capabilities if row.capabilities is not None else can == CHAT)]
    ready = {full_name(one.name).lower() for one in loaded}
    return next((row for row in able if full_name(row.name).lower() in ready), able[0] if able else None)
