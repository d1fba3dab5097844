"""A real tokenizer, so that the server counts as a model does: byte-level BPE, trained here in a few milliseconds."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from typing import Any

from tests.house.source import CHECKOUT
from tests.ollama.models import Fault, Loaded


@functools.cache
def _tokenizer() -> object:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=12_000, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    names = ("README.md", "docs/guide/first-hour.md", "docs/commands.md")
    texts = [(CHECKOUT / name).read_text(encoding="utf-8")[:80_000] for name in names]
    made.train_from_iterator(texts, trainer)
    return made


def count_tokens(text: str) -> int:
    """Return how many tokens a text has."""
    return len(_tokenizer().encode(text).ids)  # type: ignore[attr-defined]  # the library has no types


def tokens_seen(one: Loaded, body: Mapping[str, Any]) -> tuple[int, bool]:
    """Return how many tokens the model sees of what it was sent, and whether it knew them all already."""
    messages = list(body.get("messages") or [{"role": "user", "content": body.get("prompt", "")}])
    tools = json.dumps(body.get("tools")) if body.get("tools") else ""

    def needed() -> int:
        text = tools + "".join(f"<|{m['role']}|>{m.get('content', '')}<|end|>\n" for m in messages)
        return count_tokens(text)

    while needed() > one.context and len(messages) > 1:
        at = next((n for n, m in enumerate(messages[:-1]) if m["role"] != "system"), None)
        if at is None:
            break
        del messages[at]
    count = needed()
    if count > one.context:
        if not one.model.shifts:
            raise Fault(400, "the prompt exceeds the context length of the model")
        count = one.context // 2 + 4
    text = json.dumps(messages)
    cached, one.last_prompt = text == one.last_prompt, text
    return count, cached
