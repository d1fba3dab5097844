"""The words of the audit for what is known and learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opsterm.policy.audit_words import Fields, Said, change_in, text_in

SAY_OF_LEARNING: Mapping[str, Callable[[Fields], Said]] = {
    "card.kept": lambda f: Said(f"wrote card {text_in(f, 'card')}", result=f"sha256 {text_in(f, 'sha256')[:12]}"),
    "script.kept": lambda f: Said(f"kept script {text_in(f, 'script')}", result=f"sha256 {text_in(f, 'sha256')[:12]}"),
    "card.removed": lambda f: Said(f"removed card {text_in(f, 'card')}"),
    "fix.tried": lambda f: Said(
        f"took {change_in(f)} from step {text_in(f, 'step')} of card {text_in(f, 'card')}",
        change_in(f),
        why=f"a{text_in(f, 'alert')}" if f.get("alert") else "",
    ),
    "fix.said": lambda f: Said(
        f"said of {change_in(f)}, from card {text_in(f, 'card')}, that it {text_in(f, 'said')}", change_in(f)
    ),
    "fix.forgotten": lambda f: Said(
        f"had the trials of card {text_in(f, 'card')} forgotten", result=f"{text_in(f, 'trials')} trials"
    ),
    "habit.forgotten": lambda f: Said("had commands forgotten", result=f"{text_in(f, 'uses')} uses"),
    "policy.model_trained": lambda f: Said(
        "had it learned anew which commands do not end well",
        result=f"{text_in(f, 'own')} changes, {text_in(f, 'bad')} of them not well, "
        f"and {text_in(f, 'shipped')} shipped cases"
        + (f"; silent: {text_in(f, 'silent')}" if f.get("silent") else "; it may raise a grade"),
    ),
}
"""Written kind of a fact -> its words."""
