"""What `opsterm doctor` says of the language model."""

from __future__ import annotations

from opsterm.runtime.doctor import Check, Health
from opsterm.runtime.model_state import ModelPhase, ModelState


def check_model(state: ModelState) -> Check:
    """Return the line for the language model: who answers, from where, and on what."""
    if state.phase is ModelPhase.OFF:
        return Check(name="model", health=Health.GOOD, text="model.url is empty, so rules answer")
    if state.phase is not ModelPhase.READY:
        return Check(
            name="model", health=Health.NOTE, text=f"rules answer: {state.why}".strip(), next_step=state.next_step
        )
    version = f" (Ollama {state.version})" if state.version else ""
    text = f"{state.model} at {state.server}{version}"
    if not state.loaded:
        return Check(name="model", health=Health.GOOD, text=f"{text}, not loaded: the first answer takes longer")
    held = f", {state.context} tokens of context" if state.context else ""
    if state.gpu_percent is None:
        return Check(name="model", health=Health.GOOD, text=f"{text}, loaded{held}")
    text += f", {state.gpu_percent} % on graphics cards{held}"
    if state.gpu_percent < 100:
        return Check(
            name="model", health=Health.NOTE, text=text, next_step="What is on processors is many times slower: "
            "take a smaller model or model.context. 0 % can also be a driver that the server does not use: "
            "see its log, journalctl -u ollama",
        )  # fmt: skip
    return Check(name="model", health=Health.GOOD, text=text)
