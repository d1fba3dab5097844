"""What the audit is told of the talk with a language model: of whom, and hashes of what; never the texts."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.events import Event, event


@event("model.asked")
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAsked(Event):
    """An operator's question goes to a model, or would have gone to one that was not reached.

    Attributes:
        talk: names this question and its answer, as in "q1f3a09c2".
        model, digest: which one, and of its content.
        server: where, as the settings have it, masked.
        rung: of the answer that is wanted; "model".
        question_sha256: of the operator's words, masked, in UTF-8: of what a conversation keeps of them.
        question_chars: how many characters these are.
        attached: how many texts went with it.
        reached: whether anything was sent to it.
    """

    talk: str
    model: str
    digest: str
    server: str
    rung: str
    question_sha256: str
    question_chars: int
    attached: int
    reached: bool = True


@event("model.answered")
@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswered(Event):
    """What came of it.

    Attributes:
        talk: as of `ModelAsked`.
        model: which one.
        requests: how many were sent to the server for it, those that only read what targets wrote among them.
        prompt_sha256: over all of them in order, as they were sent, masked; see `asked_sha256`.
        prompt_chars: characters of their messages.
        answer_sha256, answer_chars: of the model's last words, masked, cleaned: of what a conversation keeps of them.
        looks: the first tools that it asked for, with arguments, masked, and what it was given or why nothing.
        more_looks: how many there were besides.
        proposals: numbers of the changes that came of it.
        end: "whole", "stopped", or why it has no end.
        took_s: seconds.
    """

    talk: str
    model: str
    requests: int
    prompt_sha256: str
    prompt_chars: int
    answer_sha256: str
    answer_chars: int
    looks: tuple[str, ...]
    more_looks: int
    proposals: tuple[int, ...]
    end: str
    took_s: float
