"""What each kind of preview makes of the answers of its commands: text to show, and text to compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from opsterm.changes.text_difference import difference_of
from opsterm.core import lean_re as re
from opsterm.core.units import bytes_text
from opsterm.policy.preview.command import CONTENT_BYTES, SECONDS_EACH
from opsterm.policy.preview.step import After, PreviewKind, PreviewStep
from opsterm.policy.secret_paths import has_secret_name

LISTED_AT_MOST = 200
"""Names that are shown of a list; all of them are compared."""

_ENTRY = re.compile(r"([a-zA-Z?])\t(\d{1,20})\t(.+)", re.DOTALL)
_CLOCK = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?|\b\d+#\d+:")
_NOTHING = "Nothing is there now"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswer:
    """What a command said.

    Attributes:
        text: what it printed.
        status: its exit status; None when its end did not come.
    """

    text: str
    status: int | None


class Read(NamedTuple):
    """What is made of the answers.

    Attributes:
        shown: for the approver.
        bound: what must be the same when the change runs.
    """

    shown: str
    bound: str


def read_answers(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    """Return what a preview shows and binds. Never raises, whatever the target printed.

    Args:
        step: what was asked.
        answers: of its commands, in their order.
    """
    name = step.commands[0].words[0]
    first = answers[0]
    if first.status in (126, 127):
        return _same(f"There is no preview: {name} is not on the target.")
    if first.status == 137:
        return _same(f"There is no preview: {name} did not end within {SECONDS_EACH} s.")
    return _READERS[step.kind](step, answers)


def _same(text: str) -> Read:
    return Read(shown=text, bound=text)


class _Entry(NamedTuple):
    kind: str
    size: int
    path: str


def _entries(text: str) -> list[_Entry]:
    """Return what find printed with `LISTED`; its complaints stand between, each a line."""
    found = []
    for piece in text.split("\0")[:-1]:
        rest = piece
        while rest.startswith("find: ") and "\n" in rest:
            rest = rest.partition("\n")[2]
        entry = _ENTRY.fullmatch(rest)
        if entry is not None:
            found.append(_Entry(entry.group(1), int(entry.group(2)), entry.group(3)))
    return found


def _deletes(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    answer = answers[0]
    if step.commands[0].words[0] == "git":
        lines = [line for line in answer.text.split("\n") if line.startswith("Would ")]
        if answer.status != 0:
            return _same(f"git does not say what it would delete: {_first_line(answer.text)}")
        return _listed("git would delete:", [line.removeprefix("Would remove ") for line in lines])
    found = sorted({one.path: one for one in _entries(answer.text)}.values(), key=lambda one: one.path)
    if answer.status is None:
        cut = f"It would delete more than {len(found)} files and folders: the list was not complete in time."
        return Read(shown=cut, bound="more than can be listed")
    if not found:
        return _same(f"{_NOTHING}, so it would delete nothing.")
    counts = Counter("folder" if one.kind == "d" else "link" if one.kind == "l" else "file" for one in found)
    total = bytes_text(sum(one.size for one in found if one.kind == "f"))
    kinds = ("file", "link", "folder")
    said = " and ".join(f"{counts[kind]} {kind}{'s' * (counts[kind] > 1)}" for kind in kinds if counts[kind])
    names = [one.path + "/" * (one.kind == "d") for one in found]
    missed = " Some could not be looked at." if answer.status else ""
    return Read(
        shown=_listed(f"It would delete {said}, {total} in all.{missed}", names).shown,
        bound="\n".join(f"{one.kind} {one.path}" for one in found),
    )


def _listed(title: str, names: Sequence[str]) -> Read:
    shown = [name.replace("\n", "\\n") for name in names[:LISTED_AT_MOST]]
    more = [f"… and {len(names) - LISTED_AT_MOST} more"] * (len(names) > LISTED_AT_MOST)
    return Read(shown="\n".join([title, *shown, *more]), bound="\n".join([title, *names]))


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.split("\n") if line.strip()), "it printed nothing")


def _difference(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    entry = next(iter(_entries(answers[0].text)), None)
    if entry is not None and entry.kind != "f":
        what = {"d": "a folder", "l": "a link"}.get(entry.kind, "no plain file")
        return _same(f"{step.title} is {what}, so it is not compared.")
    if entry is not None and entry.size > CONTENT_BYTES:
        return _same(f"{step.title} has more than {bytes_text(CONTENT_BYTES)}, so it is not compared.")
    real = answers[1].text.strip()
    if entry is not None and (answers[1].status != 0 or has_secret_name(real)):
        return _same(f"{step.title} may hold secrets, so it is not compared.")
    before = answers[2].text if entry is not None else ""
    after = _content_after(step, before, answers)
    if after is None:
        return _same(f"What {step.title} would hold cannot be told: {_first_line(answers[-1].text)}")
    if entry is None:
        before = ""
    elif before == after:
        return _same(f"{step.title} stays as it is.")
    _, lines = difference_of(after.encode("utf-8", "replace"), before.encode("utf-8", "replace"))
    title = f"{step.title} would become:" if entry is not None else f"{step.title} would be made anew:"
    if not lines:
        return _same(f"{step.title} is no text, or would be none, and differs.")
    return _same("\n".join([title, *lines]))


def _content_after(step: PreviewStep, before: str, answers: Sequence[CommandAnswer]) -> str | None:
    """Return the content that a file would have, None when it cannot be told."""
    match step.after:
        case After.WRITTEN:
            return step.text
        case After.APPENDED:
            return before + step.text
        case _:
            last = answers[-1]
            fits = last.status == 0 and len(last.text.encode("utf-8", "replace")) <= CONTENT_BYTES
            return last.text if fits else None


def _overwrites(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    target = next(iter(_entries(answers[0].text)), None)
    if target is not None and target.kind == "d" and len(answers) > 1:
        target = next(iter(_entries(answers[1].text)), None)
    if target is None:
        return _same(f"{_NOTHING} for it to overwrite: {step.title}.")
    kinds = {"f": f"a file of {bytes_text(target.size)}", "d": "a folder", "l": "a link"}
    what = kinds.get(target.kind, "no plain file")
    return Read(shown=f"It would overwrite {target.path}: {what}.", bound=f"{target.kind} {target.path}")


_APT_WORDS: Mapping[str, str] = {"Inst": "installs", "Remv": "removes", "Purg": "removes with its files"}


def _packages(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    text = answers[0].text
    if step.commands[0].words[0] != "apt-get":
        lines = [line for line in text.split("\n") if line.strip() and "metadata expiration" not in line]
        return _same("\n".join(lines[-LISTED_AT_MOST:]) or "It says nothing of what it would do.")
    groups: dict[str, list[str]] = {}
    for line in text.split("\n"):
        word, _, rest = line.partition(" ")
        if word in _APT_WORDS and rest:
            name = rest.split(" ")[0]
            act = "upgrades" if word == "Inst" and " [" in rest.partition("(")[0] else _APT_WORDS[word]
            version = re.search(r"\((\S+)", rest)
            groups.setdefault(act, []).append(f"{name} {version.group(1)}" if version and word == "Inst" else name)
    if answers[0].status != 0:
        errors = [line for line in text.split("\n") if line.startswith("E:")]
        return _same(f"apt-get would refuse it: {' '.join(errors) or _first_line(text)}")
    if not groups:
        return _same("It would change no package.")
    lines = [f"It {act} {len(set(names))}: {', '.join(sorted(set(names)))}" for act, names in sorted(groups.items())]
    return _same("\n".join(lines))


def _transfer(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    lines = [line for line in answers[0].text.split("\n") if re.match(r"(?:[<>ch.*][fdLDS+]|\*deleting)", line)]
    if answers[0].status != 0:
        return _same(f"rsync would not do it: {_first_line(answers[0].text)}")
    gone = sorted(line.split(maxsplit=1)[1] for line in lines if line.startswith("*deleting") and " " in line)
    kept = sorted(line for line in lines if not line.startswith("*deleting"))
    title = f"It would delete {len(gone)} and write {len(kept)}:"
    return _listed(title, [*(f"deletes {name}" for name in gone), *kept])


def _stops(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    said = dict(line.split("=", 1) for line in answers[0].text.split("\n") if "=" in line)
    if answers[0].status != 0 or not said.get("Id"):
        return _same(f"systemd does not say what stops with it: {_first_line(answers[0].text)}")
    stops = sorted({unit for key in ("RequiredBy", "BoundBy", "ConsistsOf") for unit in said.get(key, "").split()})
    wanted = sorted({line.strip() for line in answers[1].text.split("\n")[1:] if line.strip()} - set(stops))
    lines = [f"{said['Id']} is {said.get('ActiveState', 'in a state that is not known')} now."]
    lines.append(f"With it stops: {', '.join(stops)}." if stops else "No other unit stops with it.")
    if wanted:
        lines.append(f"Wanted by: {', '.join(wanted[:20])}{' …' if len(wanted) > 20 else ''}.")
    if said.get("TriggeredBy"):
        lines.append(f"{said['TriggeredBy']} would start it again.")
    return _same("\n".join(lines))


def _check(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    answer = answers[0]
    if answer.status == 0:
        return _same(f"{step.title} finds no fault.")
    lines = [line for line in answer.text.split("\n") if line.strip()][:LISTED_AT_MOST]
    shown = "\n".join([f"{step.title} finds a fault:", *lines])
    return Read(shown=shown, bound=_CLOCK.sub("", shown))


def _dry_run(step: PreviewStep, answers: Sequence[CommandAnswer]) -> Read:
    lines = [line for line in answers[0].text.split("\n") if line.strip()][:LISTED_AT_MOST]
    return _same("\n".join(lines) or "It says nothing of what it would do.")


_READERS: Mapping[PreviewKind, Callable[[PreviewStep, Sequence[CommandAnswer]], Read]] = {
    PreviewKind.DELETES: _deletes, PreviewKind.DIFFERENCE: _difference, PreviewKind.OVERWRITES: _overwrites,
    PreviewKind.PACKAGES: _packages, PreviewKind.TRANSFER: _transfer, PreviewKind.STOPS: _stops,
    PreviewKind.CHECK: _check, PreviewKind.DRY_RUN: _dry_run,
}  # fmt: skip
