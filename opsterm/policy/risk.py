"""How bad a command could be, here and now.

Text for a shell that this program reads is graded by what it would do; for the others, what is found on the list of
commands that only read is low, and everything else is high. A request over HTTP is graded by its method. Whether a
command may run without a person is another question, and only the list answers it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from opsterm.monitoring.session_path import SessionPath
from opsterm.policy.camera_order import REASONS as CAMERA_REASONS
from opsterm.policy.context import MANY_TARGETS, Surroundings, raise_level
from opsterm.policy.file_put import PUT
from opsterm.policy.grading import grade
from opsterm.policy.http_risk import grade_request
from opsterm.policy.level import RiskLevel
from opsterm.policy.lockout import Lockout, lockout_of
from opsterm.policy.order import AS_LOGGED_IN, HTTP, PLAN, RESTORE, VAPIX, WATCH, OrderTarget, RunAs
from opsterm.policy.plan_order import about_step, other_steps
from opsterm.policy.put_order import put_reasons
from opsterm.policy.reading import refusal_of
from opsterm.policy.readonly import CMD, POWERSHELL, POWERSHELL_FILTER_OPTIONS, POWERSHELL_FILTERS, POWERSHELL_OPTIONS
from opsterm.policy.restoring import restore_reasons
from opsterm.policy.understanding import READERS, Understanding, understand
from opsterm.policy.watch_order import watch_reasons
from opsterm.policy.words import LENGTH_LIMIT, split
from opsterm.policy.wql import class_refusal, wql_refusal

__all__ = ("MANY_TARGETS", "Risk", "RiskLevel", "assess", "why_not_read_only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A grade and the sentences that explain it.

    Attributes:
        level: the grade.
        reasons: whole sentences, the weightiest first; never empty.
    """

    level: RiskLevel
    reasons: tuple[str, ...]


_PLAIN_POWERSHELL = re.compile(r"[A-Za-z0-9_.:*,-]+(?: +[A-Za-z0-9_.:*,-]+)*")
_ENVIRONMENT = ("environ", "startinfo")
_SHOWS_THE_INSIDE = frozenset({
    "awk", "cat", "crontab", "cut", "egrep", "fgrep", "grep", "head", "less", "more", "ps", "sed", "sort", "strings",
    "sysctl", "tac", "tail", "uniq", "xxd", "zcat", "zgrep",
})  # fmt: skip
"""Commands that show the inside of files or what is of one account: asked about when they run as another one."""

_NO_COMMANDS = {
    PUT: "It puts a file.", RESTORE: "It puts back what a change has changed.", PLAN: "It is a plan of steps.",
}  # fmt: skip
LOCKOUT_REASONS = 3
"""Sentences about our own way that stand before the others."""


def assess(
    command: str, shell: str, targets: Sequence[OrderTarget], environments: Sequence[str],
    warnings: Sequence[str] = (), *, how: RunAs = AS_LOGGED_IN, around: Surroundings | None = None,
    ways: Sequence[SessionPath] = (), lockout: Lockout | None = None,
) -> Risk:  # fmt: skip
    """Grade a command. Never raises; the context adds reasons and can never make the grade milder.

    Args:
        command: the text for the shell.
        shell: a word of SHELLS_OF_PROTOCOL; any other is not understood.
        targets: where it would run.
        environments: the environment of each target, "" where it is not said.
        warnings: what else should be known of how these targets are reached, whole sentences.
        how: as whom, with which files, on what.
        around: what else is known of where and when; without it what the environments say.
        ways: how our sessions reach the targets; () when not known.
        lockout: what `lockout_of` says of the command and these ways, where somebody has asked already.
    """
    around = around or Surroundings(environments=environments or [""] * len(targets))
    if shell == PUT:
        raised = raise_level(RiskLevel.HIGH, (), around)
        return Risk(level=raised.level, reasons=(*put_reasons(command), *raised.reasons))
    if shell == RESTORE:
        said, weighty = restore_reasons(command)
        raised = raise_level(RiskLevel.HIGH if weighty else RiskLevel.MEDIUM, (), around)
        return Risk(level=raised.level, reasons=(*said, *raised.reasons))
    if shell == VAPIX:
        raised = raise_level(RiskLevel.HIGH, (), around)
        return Risk(level=raised.level, reasons=(*CAMERA_REASONS, *raised.reasons))
    if shell == WATCH:
        return Risk(level=RiskLevel.LOW, reasons=watch_reasons(command))
    if shell == HTTP:
        grade = grade_request(command)
        changing = RiskLevel.MEDIUM if grade.medium else RiskLevel.HIGH
        context = _said(around) if grade.refusal or warnings else ()
        if warnings and not grade.refusal:
            return Risk(level=RiskLevel.MEDIUM, reasons=(*warnings, *grade.reasons[1:], *context))
        return Risk(level=changing if grade.refusal else RiskLevel.LOW, reasons=(*grade.reasons, *warnings, *context))
    refusal = why_not_read_only(command, shell, how=how)
    if shell in READERS and command.strip():
        understood = understand(command, shell)
        found = lockout or lockout_of(understood, ways)
        risk = _with_lockout(_graded(understood, found, refusal, around, warnings, how), found)
        return _with_other_steps(risk, command, targets, around, warnings) if shell == PLAN else risk
    by_sudo = [f"It runs as {how.become} by sudo."] if how.become else []
    if not refusal:
        reads = "It only reads: every command in it is on the read-only list."
        return Risk(level=RiskLevel.LOW, reasons=(reads, *by_sudo, *warnings))
    raised = raise_level(RiskLevel.HIGH, (), around)
    return Risk(level=raised.level, reasons=(refusal, *by_sudo, *raised.reasons, *warnings))


def _graded(
    understood: Understanding, lockout: Lockout, refusal: str, around: Surroundings, warnings: Sequence[str], how: RunAs
) -> Risk:
    """Grade what was understood of a command; how it runs and where can only raise that.

    Args:
        understood: the command.
        lockout: what it may do to our own way; what its sentences tell is not told again.
        refusal: why it may not run without a person, "" when it may.
        around: where and when.
        warnings: whole sentences of what else should be known.
        how: as whom, with which files, on what.
    """
    command, shell = understood.text, understood.shell
    graded = grade(understood, lockout.told)
    level, reasons = graded.level, list(graded.reasons)
    if not refusal and level is RiskLevel.READ:
        reasons = ["It only reads: every command in it is on the read-only list."]
    elif refusal and refusal != _shell_refusal(command, shell):
        level = max(level, RiskLevel.HIGH, key=lambda one: one.order)
        reasons.insert(0, refusal)
    elif how.become and (inside := _shows_the_inside(understood)):
        level = max(level, RiskLevel.HIGH, key=lambda one: one.order)
        reasons.insert(0, f"As another account {inside} may show what only that account may read.")
    elif how.become and understood.opaque:
        level = max(level, RiskLevel.HIGH, key=lambda one: one.order)
    elif level is RiskLevel.READ:
        reasons.append(f"It is asked about, for it is not on the read-only list: {refusal}")
    if how.become:
        reasons.append(f"It runs as {how.become} by sudo.")
    raised = raise_level(level, understood.effects, around)
    return Risk(level=raised.level, reasons=(*reasons, *raised.reasons, *warnings))


def _with_other_steps(
    risk: Risk, text: str, targets: Sequence[OrderTarget], around: Surroundings, warnings: Sequence[str]
) -> Risk:  # fmt: skip
    """Return the grade of a plan with what is thought of each step that is no command of a Unix shell: the worst.

    What takes a step back may run under the same approval, and counts as the step does. A warning that is about a step,
    as `about_step` begins it, counts where that step is graded.
    """
    level, reasons, told = risk.level, list(risk.reasons), set(_said(around))
    for number, step in other_steps(text):
        texts = [(about_step(number), step.command, step.shell)]
        if step.inverse:
            texts.append((about_step(number, back=True), step.inverse, step.inverse_shell))
        for begin, command, shell in texts:
            own = [one.removeprefix(begin) for one in warnings if one.startswith(begin)]
            one = assess(command, shell, targets, around.environments, own, around=around)
            if command == step.inverse and told.issuperset(one.reasons):
                continue
            worse = one.level.order > level.order
            reasons.insert(0 if worse else len(reasons), f"{begin}{one.reasons[0]}")
            level = one.level if worse else level
            # which secret is sent, and which file, is of each request; what else is known of a kind is told once
            more = [reason for reason in one.reasons[1:] if shell == HTTP or reason not in told]
            reasons += [reason if reason in _said(around) else f"{begin}{reason}" for reason in more]
            told |= set(one.reasons)
    return Risk(level=level, reasons=tuple(dict.fromkeys(reasons)))


def _with_lockout(risk: Risk, found: Lockout) -> Risk:
    """Return the grade with what the command may do to our own way; what may cut it is high at least."""
    if not found.cuts:
        return Risk(level=risk.level, reasons=(*risk.reasons, *[found.spared] * bool(found.spared)))
    level = max(risk.level, RiskLevel.HIGH, key=lambda one: one.order)
    return Risk(level=level, reasons=tuple(dict.fromkeys((*found.reasons[:LOCKOUT_REASONS], *risk.reasons))))


def why_not_read_only(command: str, shell: str, *, how: RunAs = AS_LOGGED_IN) -> str:
    """Return a sentence that says why a command is not known to only read, "" when it is.

    Another account counts where what is shown is of that account alone, as its crontab, or the inside of files. The
    state of the host is the same for everybody. Profile files count, and so does a terminal.
    """
    refusal = _shell_refusal(command, shell) or (_as_another(command) if how.become else "")
    if not refusal and how.login:
        return "A log-in shell reads profile files, which can do anything."
    if not refusal and how.pty:
        return "On a terminal a command may do more than it does without one."
    return refusal


def _first_that_shows(programs: Iterable[str]) -> str:
    names = (program.rpartition("/")[2] for program in programs)
    return next((name for name in names if name in _SHOWS_THE_INSIDE), "")


def _shows_the_inside(understood: Understanding) -> str:
    """Return the first command that shows the inside of files or what is of one account, "" for none."""
    return _first_that_shows(command.words[0] for command in understood.commands)


def _as_another(command: str) -> str:
    """Return why a command that only reads is asked about when it runs as another account, "" when it is not."""
    name = _first_that_shows(words[0].text for words in split(command).commands)
    return f"As another account {name} may show what only that account may read." if name else ""


@lru_cache(maxsize=32)
def _shell_refusal(command: str, shell: str) -> str:
    """Say why a command is not known to only read; asked for several times in one assessment."""
    if not command.strip():
        return "There is no command."
    if shell in _NO_COMMANDS:
        return _NO_COMMANDS[shell]
    if shell == "powershell":
        return _powershell_refusal(command)
    if shell == "wql":
        return wql_refusal(command)
    if shell == "cmd":
        return _cmd_refusal(command)
    if shell == HTTP:
        return grade_request(command).refusal
    if shell not in ("sh", "bash"):
        return f"The shell {shell!r} is not known, so what it does is not either."
    line = split(command)
    if line.refusal:
        return line.refusal
    refusals = (refusal_of(words) for words in line.commands)
    return next((refusal for refusal in refusals if refusal), "")


def _powershell_refusal(command: str) -> str:
    if len(command) > LENGTH_LIMIT:
        return f"It is longer than {LENGTH_LIMIT} characters."
    first, *filters = (part.strip() for part in command.split("|"))
    if not all(_PLAIN_POWERSHELL.fullmatch(part) for part in (first, *filters)):
        return "It has more than one PowerShell command, or signs that this check does not follow."
    name, *words = first.split()
    if name.lower() not in POWERSHELL:
        return f"{name} is not on the list of commands that only read."
    if name.lower() in ("hostname", "whoami", "get-date") and words:
        return f"{name} with words behind it is not on the list of commands that only read."
    refusals = (_option_refusal(part, POWERSHELL_FILTER_OPTIONS) for part in filters)
    strangers = (part.split()[0] for part in filters if part.split()[0].lower() not in POWERSHELL_FILTERS)
    stranger = next(strangers, "")
    if stranger:
        return f"{stranger} behind a | is not on the list of those that only filter and show."
    if any(word in command.lower() for word in _ENVIRONMENT):
        return f"{name} would show the environment of a process, which may hold secrets."
    if name.lower() == "get-ciminstance":
        asked = [word for word in words if not word.startswith("-")]
        refused = class_refusal(asked[0]) if len(asked) == 1 else "Get-CimInstance is known to only read for one class."
        if refused:
            return refused
    return _option_refusal(first, POWERSHELL_OPTIONS) or next(filter(None, refusals), "")


def _option_refusal(part: str, known: frozenset[str]) -> str:
    """Return a sentence about the first option of a command that is not among the known ones, "" for none."""
    name, *words = part.split()
    for word in words:
        if word.startswith("-") and word.lower() not in known:
            return f"The option {word} of {name} is not on the list of options that only read."
    return ""


def _cmd_refusal(command: str) -> str:
    if command.strip().lower() in CMD:
        return ""
    return "It is not one of the few whole lines of cmd that are known to only read."


def _said(around: Surroundings) -> Sequence[str]:
    """Return what is said of the place of a command that is not understood; its grade is high by itself."""
    return raise_level(RiskLevel.HIGH, (), around).reasons
