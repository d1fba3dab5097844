"""Reads a plan from a TOML file that a person wrote, strictly: every fault with its line, why, and what is allowed.

title = "a new site"
on = "tag:web"
become = "root"
rollout = "canary:1"
on_failure = "rollback"

[[step]]
title = "write the configuration"
command = "cp /root/site.conf /etc/nginx/conf.d/site.conf"
verify = ["config:nginx"]

[[step]]
title = "let nginx read it"
command = "systemctl reload nginx"
verify = ["unit:nginx", "http:http://localhost/ 200"]

[[step]]
title = "measure the switches"
on = "tag:switch"
watch = "measurements"
before = ["snmp:sysUpTime"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opsterm.changes.gate import Worse, gate_of
from opsterm.changes.guard import USUAL, GuardWish, wish_from
from opsterm.changes.plan_text import PlanText
from opsterm.changes.plan_wishes import WISH_KEYS, WISHES, StepWish, read_wish
from opsterm.changes.rollout import RolloutWish, parse_budget, parse_strategy, wait_s
from opsterm.changes.scripts.kept import parse_reference
from opsterm.changes.verification import NO_VERIFICATION, OnFailure, Verification, parse_check, require_numbers
from opsterm.core.errors import BadSelector
from opsterm.core.toml_places import Path
from opsterm.core.toml_text import TomlFault
from opsterm.inventory.selector import parse_selector
from opsterm.policy.order import UNIX_SHELLS, require_account
from opsterm.policy.plan_order import MOST_STEPS, USUAL_TRIES, PlanOrder, PlanStep

_KEYS = (
    "title", "on", "reason", "become", "timeout", "rollout", "max_failures", "max_unavailable", "wait", "probe",
    "margin", "worse", "confirm",
    "no_confirm", "way_back", "on_failure", "verify", "tries", "within", "step",
)  # fmt: skip
_STEP_KEYS = (
    "title", "on", "command", "script", "shell", "before", "verify", "tries", "within", "inverse", *WISH_KEYS
)  # fmt: skip
_MEANT = {
    "targets": "on", "target": "on", "hosts": "on", "host": "on", "name": "title", "cmd": "command", "run": "command",
    "shell_command": "command", "sudo": "become", "user": "become", "strategy": "rollout", "serial": "rollout",
    "max_fail_percentage": "max_failures", "check": "verify", "checks": "verify", "undo": "inverse",
    "rollback": "inverse", "retries": "tries", "steps": "step", "why": "reason",
}  # fmt: skip
"""What other tools call a key -> how it is called here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What a file asks for.

    Attributes:
        title: what it is for, "" when not said.
        selector: which targets, "" when not said, or each step says so.
        reason: why, "" when not said.
        become: the account that sudo becomes, "" for none.
        timeout_s: seconds that each step may run, None for the setting.
        rollout: how it goes over its targets.
        guard: what is asked for about its confirmation.
        way_back: whether what it touches is kept beforehand.
        verification: what is looked at after the last step, and what follows when any of it fails.
        plan: the steps.
        wishes: of each step what it asks for besides a command; its text is made once the targets are known.
        places: of each step which targets, "" for all of the plan; when one says so, the order is kept across targets.
    """

    title: str
    selector: str
    reason: str
    become: str
    timeout_s: float | None
    rollout: RolloutWish
    guard: GuardWish
    way_back: bool
    verification: Verification
    plan: PlanOrder
    wishes: tuple[StepWish | None, ...]
    places: tuple[str, ...]


def read_plan_file(
    text: str, file: str, script: Callable[[str], tuple[str, str]]
) -> tuple[PlanFile | None, tuple[TomlFault, ...]]:  # fmt: skip
    """Return the plan of a file and everything that is wrong with it; with a fault there is no plan.

    Args:
        text: TOML.
        file: how messages name it.
        script: returns (text, shell) of what a step names: a file, of which the shell is "", or a version of a kept
            script, as in "report@3". Raises OpstermError when there is none.
    """
    read = PlanText(text, file)
    tree = read.tree
    read.check_keys((), tree, _KEYS, meant=_MEANT)
    tables = read.tables((), tree, "step")
    steps = tuple(_step(read, ("step", place), table, script) for place, table in enumerate(tables))
    if not read.problems and not 1 <= len(steps) <= MOST_STEPS:
        read.complain(("step",), f"It has {len(steps)} steps.", f"Write 1 to {MOST_STEPS} [[step]] tables.")
    places = tuple(_place(read, ("step", place), table) for place, table in enumerate(tables))
    wishes = tuple(read_wish(read, ("step", place), table) for place, table in enumerate(tables))
    told = [bool(said or (wish and wish.call)) for said, wish in zip(places, wishes, strict=True)]
    if any(told) and not all(told) and "on" not in tree:
        place = told.index(False)
        read.complain(("step", place), "It does not say on which targets.", 'Write on = "tag:web" here, or at the top.')
    if "on" in tree:
        _place(read, (), tree)
    rollout = _rollout(read, tree)
    become = read.word((), tree, "become", needed=False)
    if become:
        read.tried(("become",), lambda: require_account(become))
    found = PlanFile(
        title=read.title((), tree, needed=False), selector=read.word((), tree, "on", needed=False),
        reason=read.word((), tree, "reason", needed=False), become=become,
        timeout_s=read.seconds((), tree, "timeout", 0) or None, rollout=rollout, guard=_guard(read, tree),
        way_back=read.yes_no((), tree, "way_back") is not False, verification=_verification(read, tree),
        plan=PlanOrder(steps=steps), wishes=wishes, places=places,
    )  # fmt: skip
    return (None if read.problems else found), tuple(read.problems)


def kept_scripts_in(text: str) -> frozenset[str]:
    """Return the versions of kept scripts that a plan names, as in "report@3"; what is wrong with it is told later."""
    try:
        steps = tomllib.loads(text).get("step", [])
    except tomllib.TOMLDecodeError:
        return frozenset()
    named = [one.get("script") for one in steps if isinstance(one, dict)] if isinstance(steps, list) else []
    return frozenset(one for one in named if isinstance(one, str) and parse_reference(one))


def _place(read: PlanText, path: Path, table: Mapping[str, Any]) -> str:
    """Return which targets a step is for, "" for all of the plan."""
    text = read.word(path, table, "on", needed="on" in table)
    if text:
        try:
            parse_selector(text)
        except BadSelector as error:
            read.complain((*path, "on"), f"{error.what} It is at column {error.column + 1}.", error.next_step)
    return text


def _step(read: PlanText, path: Path, table: Mapping[str, Any], script: Callable[[str], tuple[str, str]]
) -> PlanStep:  # fmt: skip
    read.check_keys(path, table, _STEP_KEYS, meant=_MEANT)
    wished = next((shell for key, shell in WISHES.items() if key in table), "")
    command, own = read.word(path, table, "command", needed="script" not in table and not wished), ""
    if "script" in table:
        if "command" in table:
            read.complain((*path, "script"), "It has a command as well.", "Keep one of the two.")
        found = [("", "")]
        name = read.word(path, table, "script")
        if name:
            read.tried((*path, "script"), lambda: found.append(script(name)))
        command, own = found[-1]
    shell = next(iter(read.words(path, table, "shell", UNIX_SHELLS)), own or "sh")
    if own and shell != own:
        read.complain((*path, "shell"), f"The script runs in {own}.", "Leave the key out.")
    step = PlanStep(
        title=read.title(path, table, needed=True), command=_trimmed(command), shell=wished or shell,
        before=read.checks(path, table, "before"), verify=read.checks(path, table, "verify"),
        tries=read.number(path, table, "tries", USUAL_TRIES),
        within_s=read.seconds(path, table, "within", NO_VERIFICATION.within_s),
        inverse=_trimmed(read.word(path, table, "inverse", needed="inverse" in table)),
    )  # fmt: skip
    read.tried(path, lambda: require_numbers(Verification(tries=step.tries, within_s=step.within_s)))
    if ("tries" in table or "within" in table) and not step.verify:
        read.complain(path, "It says how often it is looked at, and not what.", 'Write verify = ["unit:nginx"].')
    return step


def _trimmed(text: str) -> str:
    return text.strip("\n")


def _rollout(read: PlanText, tree: Mapping[str, Any]) -> RolloutWish:
    wish = RolloutWish(
        strategy=read.word((), tree, "rollout", needed=False),
        failures=str(tree.get("max_failures", "")),
        max_unavailable=read.number((), tree, "max_unavailable", 1) if "max_unavailable" in tree else 0,
        wait=read.word((), tree, "wait", needed=False),
        probe=read.word((), tree, "probe", needed=False),
        margin=str(tree.get("margin", "")),
        worse=next(iter(read.words((), tree, "worse", [word.value for word in Worse])), ""),
    )
    if wish.strategy:
        read.tried(("rollout",), lambda: parse_strategy(wish.strategy))
    if wish.failures:
        read.tried(("max_failures",), lambda: parse_budget(wish.failures))
    if wish.wait:
        read.tried(("wait",), lambda: wait_s(wish.wait))
    if wish.probe:
        read.tried(("probe",), lambda: gate_of(wish.probe))
        read.tried(("margin",), lambda: gate_of("metric:load.1m", wish.margin))
    elif wish.margin or wish.worse:
        key = "margin" if wish.margin else "worse"
        read.complain((key,), "It says what is worse, and not of what.", 'Write probe = "metric:load.1m".')
    return wish


def _guard(read: PlanText, tree: Mapping[str, Any]) -> GuardWish:
    confirm, unguarded = (read.word((), tree, key, needed=False) for key in ("confirm", "no_confirm"))
    found = [USUAL]
    read.tried(("confirm",), lambda: found.append(wish_from(confirm, unguarded=unguarded)))
    return found[-1]


def _verification(read: PlanText, tree: Mapping[str, Any]) -> Verification:
    on_failure: Sequence[str] = read.words((), tree, "on_failure", [word.value for word in OnFailure])
    found = Verification(
        checks=tuple(map(parse_check, read.checks((), tree, "verify"))),
        tries=read.number((), tree, "tries", NO_VERIFICATION.tries),
        within_s=read.seconds((), tree, "within", NO_VERIFICATION.within_s),
        on_failure=OnFailure(next(iter(on_failure), OnFailure.KEEP)),
    )
    read.tried(("tries",), lambda: require_numbers(found))
    return found
