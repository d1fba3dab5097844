"""The models of the test server: what each can do, how large it is, and what it says."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from tests.ollama.scripts import Script, echo

MADE_AT = "2026-03-01T09:00:00.123456789Z"
BYTES_A_TOKEN = 50_000
"""Memory that a token of context takes."""


@dataclass
class FakeModel:
    """A model.

    Attributes:
        name: with its tag.
        can: its capabilities; None for a server that does not say.
        size: bytes.
        trained: tokens that it was trained for.
        script: what it says.
        form: what it makes of `format`: "obey", "control" (raw control characters in strings), "ignore", "cut".
        shifts: whether it cuts what is too long to half; otherwise it refuses.
        ignores_think: whether it thinks whatever is asked, as gpt-oss does.
        remote: the host that really runs it.
    """

    name: str
    can: tuple[str, ...] | None = ("completion", "tools")
    size: int = 3_400_000_000
    trained: int = 131_072
    script: Script = echo
    form: str = "obey"
    shifts: bool = True
    ignores_think: bool = False
    remote: str = ""
    dimensions: int = 64

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()

    def has(self, capability: str) -> bool:
        return self.can is None or capability in self.can

    @property
    def details(self) -> dict[str, Any]:
        return {"parent_model": "", "format": "gguf", "family": "fake", "families": ["fake"],
                "parameter_size": "4.0B", "quantization_level": "Q4_K_M"}  # fmt: skip

    def row(self) -> dict[str, Any]:
        """Return it as a row of the list."""
        row = {"name": self.name, "model": self.name, "modified_at": MADE_AT, "size": self.size,
               "digest": self.digest, "details": self.details}  # fmt: skip
        if self.can is not None:
            row["capabilities"] = list(self.can)
        if self.remote:
            row |= {"remote_model": self.name.removesuffix("-cloud"), "remote_host": self.remote}
        return row

    def card(self) -> dict[str, Any]:
        """Return what is said of it alone."""
        card = {
            "modelfile": f"FROM {self.name}", "parameters": "temperature 0.6", "template": "{{ .Prompt }}",
            "license": "\nApache License 2.0\n…", "details": self.details, "modified_at": MADE_AT,
            "model_info": {"general.architecture": "fake", "fake.context_length": self.trained,
                           "fake.embedding_length": self.dimensions, "tokenizer.ggml.tokens": None},
        }  # fmt: skip
        if self.can is not None:
            card["capabilities"] = list(self.can)
        return card


@dataclass
class Loaded:
    """A model in memory."""

    model: FakeModel
    context: int
    expires_at: float
    on_gpu: float = 1.0
    last_prompt: str = field(default="", repr=False)

    @property
    def size(self) -> int:
        return self.model.size + self.context * BYTES_A_TOKEN


_GO = re.compile(r"(-?\d+(?:\.\d+)?)(ms|s|m|h)")


class Fault(Exception):
    """An answer that is a refusal."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class BadDurationError(ValueError):
    """A length of time that Go does not read."""


def keep_alive_s(value: object) -> float:
    """Return seconds as the server reads them; below 0 for ever. Raises BadDurationError."""
    if value is None:
        return 300.0
    if isinstance(value, int | float):
        return float(value)
    found = _GO.findall(str(value))
    if not found or "".join(n + u for n, u in found) != str(value):
        raise BadDurationError(f'time: missing unit in duration "{value}"')
    return sum(float(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit] for number, unit in found)
