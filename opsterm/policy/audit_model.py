"""The words of the audit for the talk with a language model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opsterm.policy.audit_words import Fields, Said, names_in, text_in


def _asked(f: Fields) -> Said:
    attached = f", with {text_in(f, 'attached')} texts beside it" if f.get("attached") else ""
    asked = "asked the model" if f.get("reached", True) else "did not reach the model"
    return Said(
        f"{asked} {text_in(f, 'model')}", text_in(f, "talk"),
        result=f"{text_in(f, 'question_chars')} characters, sha256 {text_in(f, 'question_sha256')[:12]}{attached}, "
        f"model {text_in(f, 'digest')[:12] or 'without a digest'} at {text_in(f, 'server')}",
    )  # fmt: skip


def _answered(f: Fields) -> Said:
    proposals = ", ".join(f"c{number}" for number in names_in(f, "proposals"))
    looks = [*names_in(f, "looks"), *([f"{text_in(f, 'more_looks')} looks more"] if f.get("more_looks") else [])]
    parts = [
        text_in(f, "end"), f"proposed {proposals}" if proposals else "", *looks,
        f"{text_in(f, 'answer_chars')} characters, sha256 {text_in(f, 'answer_sha256')[:12]}",
        f"{text_in(f, 'requests')} requests, sha256 {text_in(f, 'prompt_sha256')[:12]}",
    ]  # fmt: skip
    answered = "answered" if f.get("requests") else "was not asked"
    talk = text_in(f, "talk")
    return Said(f"{answered} {talk}", talk, result="; ".join(part for part in parts if part))


SAY_OF_MODEL: Mapping[str, Callable[[Fields], Said]] = {"model.asked": _asked, "model.answered": _answered}
"""Written kind of a fact -> its words."""
