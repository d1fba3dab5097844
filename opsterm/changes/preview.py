"""What a change would do on a target: answers of commands that only read, made into text that is shown and compared.

What is compared leaves out what differs by the clock alone: sizes of files that grow, times of checks, the order in
which a disk lists names. What is shown is masked, and what is shown is what is compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.changes.preview_answers import CommandAnswer, read_answers
from opsterm.core.text import clean_block
from opsterm.monitoring.sections import sections_of
from opsterm.policy.mask import mask
from opsterm.policy.preview.command import PreviewCommand, section_names
from opsterm.policy.preview.step import PreviewStep

SHOWN_CHARACTERS = 20_000
"""Of the text of one preview; the digest is over all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One preview on one target.

    Attributes:
        kind: a word of `PreviewKind`.
        title: what it is about, as the command names it.
        text: what it shows, clean and without secrets.
        digest: of what must be the same when the change runs, 64 hex digits.
    """

    kind: str
    title: str
    text: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPreview:
    """What was found out on one target.

    Attributes:
        target: its name.
        previews: in the order of the command.
        why: a sentence when nothing could be found out there, "" otherwise.
    """

    target: str
    previews: tuple[Preview, ...] = ()
    why: str = ""


def commands_of(steps: Sequence[PreviewStep], become: str) -> tuple[PreviewCommand, ...]:
    """Return the commands of the steps that run as an account, in order."""
    return tuple(command for step in steps if step.become == become for command in step.commands)


def read_previews(steps: Sequence[PreviewStep], said: str, become: str = "") -> tuple[Preview, ...]:
    """Read what a `PreviewScript` of some steps printed.

    Args:
        steps: all steps of a plan.
        said: what came from the target, which may be anything.
        become: the account that the script ran as; steps of other accounts are passed over.
    """
    found = sections_of(said)
    made, at = [], 0
    for step in steps:
        if step.become != become:
            continue
        answers = []
        for _ in step.commands:
            output, status = section_names(at)
            at += 1
            number = next(iter(found.of(status)), "")
            answers.append(
                CommandAnswer(
                    text="\n".join(found.of(output)),
                    status=int(number) if number.isascii() and number.isdigit() and len(number) < 4 else None,
                )
            )
        made.append(_preview(step, answers))
    return tuple(made)


def _preview(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Preview:
    shown, bound = read_answers(step, answers)
    masked = clean_block(mask(shown)[0])
    compared = json.dumps([step.kind, mask(step.title)[0], mask(bound)[0]], ensure_ascii=True)
    text = masked if len(masked) <= SHOWN_CHARACTERS else masked[:SHOWN_CHARACTERS] + "\n… and more"
    digest = hashlib.sha256(compared.encode("utf-8", "backslashreplace")).hexdigest()
    return Preview(kind=step.kind, title=mask(step.title)[0], text=text, digest=digest)


def difference_between(before: TargetPreview, now: TargetPreview) -> str:
    """Return a sentence that says what differs from what was shown, "" when nothing does.

    A target that was not reached now is not compared: the run will say so itself.

    Args:
        before: what the approver was shown.
        now: the same, looked up again.
    """
    if not before.previews or (now.why and not now.previews):
        return ""
    shown = {(one.kind, one.title): one for one in now.previews}
    for old in before.previews:
        new = shown.get((old.kind, old.title))
        if new is None:
            return f"{before.target}: the preview of {old.title} that was approved can no longer be had."
        if new.digest != old.digest:
            changed = _changed(old.text, new.text)
            return f"{before.target}: {old.title} would do something else than was shown. {changed}"
    return ""


def _changed(old: str, new: str) -> str:
    """Return the first lines that differ, in one sentence."""
    before, after = old.split("\n"), new.split("\n")
    gone = [line for line in before if line not in after]
    came = [line for line in after if line not in before]
    said = []
    if gone:
        said.append(f"Shown was: {'; '.join(gone[:2])[:200].rstrip('.')}.")
    if came:
        said.append(f"Now it is: {'; '.join(came[:2])[:200].rstrip('.')}.")
    return " ".join(said) or "It differs behind what was shown."
