"""A plan of several steps as text: the command of an order whose shell is `PLAN`, which one approval binds as a whole.

No interpreter reads it: opsterm takes the steps out of it and runs them one after another. It is written so that a
person can read it: each command stands in it as it will run.

    across targets in order
    step write the configuration
      on web-[1-2]
      before config:nginx
      run sh: cp /root/site.conf /etc/nginx/conf.d/site.conf
      verify config:nginx
      tries 5 within 60
      back sh <<END
    rm /etc/nginx/conf.d/site.conf
    nginx -s reload
    END
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.inventory.folding import fold, unfold
from opsterm.policy.effects import Effect, Span
from opsterm.policy.invocation import Findings, Invocation
from opsterm.policy.order import HTTP, PLAN, RESTORE, STEPS_OF_PROTOCOL, UNIX_SHELLS, Order
from opsterm.policy.restoring import parse_restoring
from opsterm.policy.understanding import understand

_ACROSS = "across targets in order"
_JOINED = "together with the step before"
MOST_STEPS = 50
TITLE_LENGTH = 80
USUAL_TRIES, USUAL_WITHIN_S = 5, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One step of a plan.

    Attributes:
        title: what it is for, one line.
        command: the text for its shell.
        shell: sh or bash; HTTP for a request, VAPIX for the configuration of a camera, WATCH for what opsterm itself
            does; RESTORE for one that puts back what a step of another change has changed.
        before: checks that have to hold before it begins, as `changes.verification` writes them.
        verify: checks that have to hold after it.
        tries: how often those after it are looked at.
        within_s: seconds that all these tries may take.
        inverse: the text that takes it back, "" for its kept state; `inverse_shell` carries it out.
        undoes: (number of a change, number of its step) that it takes back, None for a step forward.
        on: names of the targets that it is for, in natural order, () for all of the order.
        joined: whether it is gone over together with the step before: a target does both before the next one begins.
    """

    title: str
    command: str
    shell: str = "sh"
    before: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    tries: int = USUAL_TRIES
    within_s: int = USUAL_WITHIN_S
    inverse: str = ""
    undoes: tuple[int, int] | None = None
    on: tuple[str, ...] = ()
    joined: bool = False

    @property
    def inverse_shell(self) -> str:
        """What carries out the text that takes it back."""
        return self.shell if self.shell not in (*UNIX_SHELLS, RESTORE) else "sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOrder:
    """The steps of a plan, in the order in which they run on each target.

    Attributes:
        steps: all of them.
        across: whether the order is kept across targets, too: a step that is not joined to the one before begins when
            that has ended well on all of its targets.
    """

    steps: tuple[PlanStep, ...]
    across: bool = False

    def text(self) -> str:
        """Return the one text for it."""
        return "".join(text for text, _ in _pieces(self)).removesuffix("\n")

    def steps_on(self, target: str) -> dict[int, PlanStep]:
        """Return the steps that a target has, by their numbers."""
        return {number: step for number, step in enumerate(self.steps, 1) if not step.on or target in step.on}

    @property
    def takes_back(self) -> int:
        """Number of the change that it takes back, 0 for none."""
        return self.steps[0].undoes[0] if self.steps[0].undoes is not None else 0


def _pieces(plan: PlanOrder) -> Iterator[tuple[str, str]]:
    """Yield the text of a plan in pieces, each with the shell of the command that it is, "" for none."""
    if plan.across:
        yield f"{_ACROSS}\n", ""
    for step in plan.steps:
        yield f"step {step.title}\n", ""
        if step.on:
            yield f"  on {fold(step.on)}\n", ""
        if step.joined:
            yield f"  {_JOINED}\n", ""
        if step.undoes is not None:
            yield f"  undoes c{step.undoes[0]} step {step.undoes[1]}\n", ""
        yield "".join(f"  before {check}\n" for check in step.before), ""
        yield from _block("run", step.shell, step.command)
        yield "".join(f"  verify {check}\n" for check in step.verify), ""
        if step.verify:
            yield f"  tries {step.tries} within {step.within_s}\n", ""
        if step.inverse:
            yield from _block("back", step.inverse_shell, step.inverse)


def _block(word: str, shell: str, command: str) -> Iterator[tuple[str, str]]:
    if "\n" not in command:
        yield f"  {word} {shell}: ", ""
        yield command, shell
        yield "\n", ""
        return
    end = "END"
    while end in command.split("\n"):
        end += "_"
    yield f"  {word} {shell} <<{end}\n", ""
    yield command, shell
    yield f"\n{end}\n", ""


def parse_plan(text: str) -> PlanOrder:
    """Return the plan that a text describes.

    Raises:
        BadInput: it is not the one text that `PlanOrder.text` gives for what it says.
    """
    lines = text.split("\n")
    across = lines[0] == _ACROSS
    try:
        steps = tuple(_steps(lines[across:]))
    except (ValueError, IndexError, BadInput) as error:
        raise _WRONG from error
    found = PlanOrder(steps=steps, across=across)
    if not steps or len(steps) > MOST_STEPS or found.text() != text:
        raise _WRONG
    for step in steps:
        if step.shell not in _SHELLS or (step.shell == RESTORE) > (step.undoes is not None):
            raise _WRONG
        if step.shell == RESTORE:
            parse_restoring(step.command)
        if clean_line(step.title, limit=TITLE_LENGTH) != step.title or not step.command.strip():
            raise _WRONG
    if steps[0].joined or any(step.joined for step in steps) > across:
        raise _WRONG
    if {step.undoes[0] if step.undoes is not None else 0 for step in steps} != {found.takes_back}:
        raise _WRONG
    return found


_SHELLS = frozenset(shell for shells in STEPS_OF_PROTOCOL.values() for shell in shells)
_READ_ELSEWHERE = (HTTP,)
"""What has no effects that are read out of its text; it is graded by itself."""

_WRONG = BadInput("This is no plan of steps.", next_step="`opsterm change run FILE.toml` makes one of a file.")


def _steps(lines: list[str]) -> Iterator[PlanStep]:
    """Yield the steps; what does not come in the order of `_pieces` is found by comparing the texts."""
    at, step = 0, None
    while at < len(lines):
        word, _, rest = lines[at].removeprefix("  ").partition(" ")
        at += 1
        if word == "step":
            if step is not None:
                yield step
            step = PlanStep(title=rest, command="")
        elif step is None:
            raise ValueError(word)
        elif word in ("run", "back"):
            shell, command, at = _read_block(lines, at - 1, rest)
            step = replace(step, command=command, shell=shell) if word == "run" else replace(step, inverse=command)
        elif (word, rest) == tuple(_JOINED.split(" ", 1)):
            step = replace(step, joined=True)
        elif word == "on":
            step = replace(step, on=unfold(rest))
        elif word == "undoes":
            change, _, number = rest.removeprefix("c").partition(" step ")
            step = replace(step, undoes=(int(change), int(number)))
        elif word == "tries":
            tries, _, within = rest.partition(" within ")
            step = replace(step, tries=int(tries), within_s=int(within))
        elif word in ("before", "verify"):
            checks = (*(step.before if word == "before" else step.verify), rest)
            step = replace(step, before=checks) if word == "before" else replace(step, verify=checks)
        else:
            raise ValueError(word)
    if step is not None:
        yield step


def _read_block(lines: list[str], at: int, rest: str) -> tuple[str, str, int]:
    """Return the shell, the command and the number of the line behind it."""
    shell, sign, end = rest.partition(" <<")
    if not sign or ":" in shell:
        shell, sign, command = rest.partition(": ")
        return shell, command, at + 1
    last = lines.index(end, at + 1)
    return shell, "\n".join(lines[at + 1 : last]), last + 1


def other_steps(text: str) -> tuple[tuple[int, PlanStep], ...]:
    """Return the steps of a plan that are no commands of a Unix shell, with their numbers; () for what is no plan."""
    try:
        steps = parse_plan(text).steps
    except BadInput:
        return ()
    ours = (*UNIX_SHELLS, RESTORE)
    return tuple((number, step) for number, step in enumerate(steps, 1) if step.shell not in ours)


def about_step(number: int, *, back: bool = False) -> str:
    """Return how a sentence begins that is about a step of a plan, or about what takes it back."""
    return f"Step {number}, taken back: " if back else f"Step {number}: "


def takes_back(command: str, shell: str) -> int:
    """Return the number of the change that an order takes back, 0 for an order that does something new.

    Raises:
        BadInput: it is neither a plan nor what is put back, though its shell says so.
    """
    if shell == RESTORE:
        return parse_restoring(command).change
    return parse_plan(command).takes_back if shell == PLAN else 0


def undone_by(order: Order) -> int:
    """Return the number of the change that an order takes back, also by its inverse; 0 for one that does none of it.

    Raises:
        BadInput: as `takes_back`.
    """
    by_inverse = order.terms.undoes if order.terms is not None else 0
    return by_inverse or takes_back(order.command, order.shell)


def read_plan(text: str) -> Findings:
    """Read all commands of a plan, and what takes them back. Never raises; what is no plan is opaque."""
    try:
        plan = parse_plan(text)
    except BadInput as error:
        return Findings(opaque=(error.what,))
    effects: list[Effect] = []
    opaque: list[str] = []
    commands: list[Invocation] = []
    at = 0
    for piece, shell in _pieces(plan):
        if shell == RESTORE:
            span = Span(start=at, end=at + len(piece))
            effects += [replace(effect, span=span) for effect in parse_restoring(piece).effects]
        elif shell and shell not in _READ_ELSEWHERE:
            found = understand(piece, shell)
            effects += [replace(effect, span=_moved(effect.span, at)) for effect in found.effects]
            commands += [replace(command, span=_moved(command.span, at)) for command in found.commands]
            opaque += found.opaque
        at += len(piece)
    return Findings(effects=tuple(effects), opaque=tuple(dict.fromkeys(opaque)), commands=tuple(commands))


def _moved(span: Span, by: int) -> Span:
    return Span(start=span.start + by, end=span.end + by)
