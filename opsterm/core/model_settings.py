"""The settings of the language model: where its server is, which model is used, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import between, one_of, option

CONTEXTS = (4096, 8192, 16384, 32768, 65536, 131072)
"""Tokens of context that are asked for: a server loads the model anew for every other number, so there are few."""


def _context_fault(tokens: int) -> str:
    return "" if tokens in CONTEXTS else "one of " + ", ".join(str(number) for number in CONTEXTS)


THINKING = ("off", "on", "low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """`[model]`: the language model that an Ollama server runs; without one everything but free text still works."""

    url: str = option(
        "http://127.0.0.1:11434",
        "Where the Ollama server is: http://HOST:PORT, https://HOST, or unix:/PATH for a socket; empty: no model is "
        "used. A token for it is kept with `opsterm vault set opsterm:model URL`.",
    )
    name: str = option(
        "",
        "Model that is talked to, as in qwen3.5:4b; empty: the one that is loaded, else the first one there that can "
        "chat. Nothing is fetched by itself, and no model that another host runs is used unless it is named here.",
    )
    embedding: str = option("", "Model that texts are turned into vectors with; empty: the first one there that can.")
    context: int = option(
        8192, "Tokens of context that the server is asked for at most; it takes memory of its graphics card.",
        check=_context_fault,
    )  # fmt: skip
    answer_tokens: int = option(1024, "Tokens that an answer may have; more is cut and said.", check=between(16, 32768))
    think: str = option(
        "off", "Whether a model that can think first does so, and how long; it makes answers slower.",
        check=one_of(*THINKING),
    )  # fmt: skip
    keep_alive_s: float = option(
        600.0, "Seconds for which the server keeps the model loaded after an answer; -1: for ever.",
        check=between(-1, 7 * 86400),
    )  # fmt: skip
    load_timeout_s: float = option(
        300.0, "Seconds to wait for the first word: a model that is not loaded is read from disk first.",
        check=between(1, 3600),
    )  # fmt: skip
    quiet_timeout_s: float = option(
        30.0, "Seconds that an answer may stand still before it is given up.", check=between(1, 600)
    )
    ca_file: str = option("", "PEM file of the authority that signed its certificate; empty: those of this system.")
    proxy: str = option(
        "", "Proxy on the way, as in http://proxy:3128; empty: none, whatever HTTP_PROXY and its like say."
    )
    token_over_http: bool = option(
        False, "Send the token to another host over http as well, where all on the way can read it."
    )
