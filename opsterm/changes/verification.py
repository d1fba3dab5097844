"""What is looked at on a target after a change, and what follows when it is not as it should be.

It is part of what is approved, as text: the checks, how often they are tried, for how long, and whether the change is
taken back when they do not hold. The empty text is that of a change after which nothing is looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from opsterm.changes.check_texts import CONFIGS, command_text, config_text, http_text, port_text, unit_text
from opsterm.changes.way_back.prepared import way_back_of
from opsterm.changes.way_back.script import keeper_digest
from opsterm.core.errors import BadInput, NotApproved, Refused
from opsterm.core.text import clean_line
from opsterm.core.units import span_text
from opsterm.monitoring.mib import instance_of, parse_oid
from opsterm.policy.file_put import PUT
from opsterm.policy.order import PLAN, UNIX_SHELLS, Order
from opsterm.policy.risk import why_not_read_only
from opsterm.policy.way_back import Coverage

UNIX_PROTOCOLS = ("local", "ssh")
UNIT_STATES = ("active", "inactive", "enabled", "disabled")
MOST_CHECKS = 20
MOST_TRIES = 100
LONGEST_S = 3600
EXAMPLES = (
    "unit:nginx active, port:443, http:http://localhost/ 200, config:sshd, command:findmnt /data, reach:443, "
    "snmp:sysUpTime or camera:events"
)
THERE = "{target}"
"""Stands for the address of the target in a URL that is asked from here."""

_UNIT = re.compile(rf"([A-Za-z0-9][A-Za-z0-9:_.\\@-]{{0,250}})(?:\s+({'|'.join(UNIT_STATES)}))?")
_PORT = re.compile(r"([1-9][0-9]{0,4})(/tcp|/udp)?")
_HTTP = re.compile(r"(https?://[A-Za-z0-9._~:/?#\[\]!$&()*+,;=%-]{1,2000})(?:\s+([1-5][0-9]{2}))?")
_CAMERA = re.compile(r"events|motion [^\s:][^:]{0,79}")
_REACH = re.compile(r"(https?://(?:\{target\})?[A-Za-z0-9._~:/?#\[\]!$&()*+,;=%-]{0,2000})(?:\s+([1-5][0-9]{2}))?")


class ChangeCheckKind(StrEnum):
    """What can be looked at."""

    UNIT = "unit"
    PORT = "port"
    HTTP = "http"
    CONFIG = "config"
    COMMAND = "command"
    REACH = "reach"
    SNMP = "snmp"
    CAMERA = "camera"


FROM_HERE = (ChangeCheckKind.REACH, ChangeCheckKind.SNMP, ChangeCheckKind.CAMERA)
"""What is looked at from this host."""

_ASKED_OVER: Mapping[ChangeCheckKind, str] = {ChangeCheckKind.SNMP: "snmp", ChangeCheckKind.CAMERA: "http"}
"""What is asked of the target in the way in which it is reached -> which way that has to be."""


class OnFailure(StrEnum):
    """What follows when a change failed or does not verify."""

    KEEP = "keep"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCheck:
    """One thing that is looked at.

    Attributes:
        kind: what sort of thing.
        subject: a unit, a port with "/udp" if it is one, a URL, a word of CONFIGS, a command, what is reached, an
            object that an agent has to answer with, or "events" or "motion NAME" of a camera.
        wanted: of a unit its state; of a URL the status, "" for any below 400; of others "".
    """

    kind: ChangeCheckKind
    subject: str
    wanted: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}{f' {self.wanted}' if self.wanted else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What is looked at after a change.

    Attributes:
        checks: all of which have to hold at the same time.
        tries: how often they are looked at, 1 and up.
        within_s: seconds that all tries together may take on one target.
        on_failure: what follows when they do not hold, or the change itself failed.
        keeper: sha256 of the shell texts that take it back, "" before that is bound or where nothing is.
    """

    checks: tuple[ChangeCheck, ...] = ()
    tries: int = 5
    within_s: int = 60
    on_failure: OnFailure = OnFailure.KEEP
    keeper: str = ""

    def text(self) -> str:
        """Return the one text for it: JSON in ASCII, keys sorted; "" when nothing follows a change."""
        if not self.checks and self.on_failure is OnFailure.KEEP:
            return ""
        body = {
            "checks": [str(check) for check in self.checks], "keeper": self.keeper, "on_failure": self.on_failure,
            "tries": self.tries, "within_s": self.within_s,
        }  # fmt: skip
        return json.dumps(body, sort_keys=True, separators=(",", ":"))


NO_VERIFICATION = Verification()


def fits(check: ChangeCheck, protocol: str) -> bool:
    """Return whether a check can be looked at on a target that is reached so; one from here, as `reach:`, anywhere."""
    if check.kind in _ASKED_OVER:
        return protocol == _ASKED_OVER[check.kind]
    return check.kind in FROM_HERE or protocol in UNIX_PROTOCOLS


def parse_check(text: str) -> ChangeCheck:
    """Return the check that a text such as "unit:nginx active" asks for.

    Raises:
        BadInput: it is none.
        Refused: it is a command that is not known to only read.
    """
    word, sign, rest = text.strip().partition(":")
    if word in ("http", "https") and rest.startswith("//"):
        word, rest = ChangeCheckKind.HTTP, f"{word}:{rest}"
    found = _READERS[ChangeCheckKind(word)](rest.strip()) if sign and word in _READERS else None
    if found is None:
        raise BadInput(f"{clean_line(text, limit=120)!r} is no check.", next_step=f"Write one like {EXAMPLES}.")
    return found


def _unit(text: str) -> ChangeCheck | None:
    found = _UNIT.fullmatch(text)
    return ChangeCheck(kind=ChangeCheckKind.UNIT, subject=found[1], wanted=found[2] or "active") if found else None


def _port(text: str) -> ChangeCheck | None:
    found = _PORT.fullmatch(text)
    if found is None or int(found[1]) > 65535:
        return None
    return ChangeCheck(kind=ChangeCheckKind.PORT, subject=text.removesuffix("/tcp"))


def _http(text: str) -> ChangeCheck | None:
    found = _HTTP.fullmatch(text)
    return ChangeCheck(kind=ChangeCheckKind.HTTP, subject=found[1], wanted=found[2] or "") if found else None


def _config(text: str) -> ChangeCheck | None:
    if text not in CONFIGS:
        raise BadInput(
            f"How the configuration of {clean_line(text, limit=60)!r} is tested is not known.",
            next_step=f"There is {', '.join(sorted(CONFIGS))}; any other by command:, if it only reads.",
        )
    return ChangeCheck(kind=ChangeCheckKind.CONFIG, subject=text)


def _command(text: str) -> ChangeCheck | None:
    refusal = why_not_read_only(text, "sh")
    if refusal:
        raise Refused(
            f"A check has to only read, and {clean_line(text, limit=80)!r} is not known to.",
            why=refusal,
            next_step="Write a command that `opsterm query` would run at once.",
        )
    return ChangeCheck(kind=ChangeCheckKind.COMMAND, subject=text)


def _reach(text: str) -> ChangeCheck | None:
    if text.isdigit():
        return ChangeCheck(kind=ChangeCheckKind.REACH, subject=text) if 0 < int(text) < 65_536 else None
    found = _REACH.fullmatch(text)
    if found is None or found[1].endswith("://"):
        return None
    return ChangeCheck(kind=ChangeCheckKind.REACH, subject=found[1], wanted=found[2] or "")


def _snmp(text: str) -> ChangeCheck | None:
    instance_of(parse_oid(text))
    return ChangeCheck(kind=ChangeCheckKind.SNMP, subject=text)


def _camera(text: str) -> ChangeCheck | None:
    found = _CAMERA.fullmatch(text)
    return ChangeCheck(kind=ChangeCheckKind.CAMERA, subject=text) if found else None


def address_of_check(check: ChangeCheck, host: str) -> int | str:
    """Return what a check of the kind REACH asks from here: a port of the target, or a URL.

    Args:
        check: of that kind.
        host: name or address of the target.
    """
    if check.subject.isdigit():
        return int(check.subject)
    return check.subject.replace(THERE, f"[{host}]" if ":" in host else host)


_READERS = {
    ChangeCheckKind.UNIT: _unit, ChangeCheckKind.PORT: _port, ChangeCheckKind.HTTP: _http,
    ChangeCheckKind.CONFIG: _config, ChangeCheckKind.COMMAND: _command, ChangeCheckKind.REACH: _reach,
    ChangeCheckKind.SNMP: _snmp, ChangeCheckKind.CAMERA: _camera,
}  # fmt: skip


def check_text(check: ChangeCheck) -> str:
    """Return the text for `sh` that looks at it; its exit status is 0 when it holds. Of FROM_HERE none has one: ""."""
    match check.kind:
        case ChangeCheckKind.UNIT:
            return unit_text(check.subject, check.wanted)
        case ChangeCheckKind.PORT:
            return port_text(check.subject)
        case ChangeCheckKind.HTTP:
            return http_text(check.subject, check.wanted)
        case ChangeCheckKind.CONFIG:
            return config_text(check.subject)
        case ChangeCheckKind.COMMAND:
            return command_text(check.subject)
        case _:
            return ""


def parse_verification(text: str) -> Verification:
    """Return the verification that an order says.

    Raises:
        BadInput: it is not what `text` makes of one.
    """
    if not text:
        return NO_VERIFICATION
    try:
        body = json.loads(text)
        found = Verification(
            checks=tuple(parse_check(str(one)) for one in body["checks"]), tries=int(body["tries"]),
            within_s=int(body["within_s"]), on_failure=OnFailure(body["on_failure"]), keeper=str(body["keeper"]),
        )  # fmt: skip
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise BadInput("This is no verification of a change.", next_step="Propose the change again.") from error
    if found.text() != text:
        raise BadInput("This is no verification of a change.", next_step="Propose the change again.")
    return found


def words_of(found: Verification) -> str:
    """Return a verification in words, as `verification_from_words` takes them; they do not say how often."""
    return "; ".join([*map(str, found.checks), *[OnFailure.ROLLBACK.value] * (found.on_failure is OnFailure.ROLLBACK)])


def verification_from_words(text: str) -> Verification:
    """Return what is asked for in words: "unit:nginx; port:80; rollback". Raises as `parse_check`."""
    words = [word.strip() for word in text.split(";") if word.strip()]
    checks = [parse_check(word) for word in words if word != OnFailure.ROLLBACK]
    on_failure = OnFailure.ROLLBACK if OnFailure.ROLLBACK in words else OnFailure.KEEP
    return Verification(checks=tuple(dict.fromkeys(checks)), on_failure=on_failure)


def verification_of(order: Order) -> Verification:
    """Return what an order says is looked at after it.

    Raises:
        BadInput: as `parse_verification`.
        Refused: a command of it is no longer known to only read.
    """
    return parse_verification(order.terms.verify if order.terms is not None else "")


def bound(wish: Verification, order: Order, *, way_back: bool) -> str:
    """Return a verification as the terms of an order bind it, "" for none.

    Args:
        wish: what is asked for.
        order: what would run.
        way_back: whether what it touches is kept beforehand.

    Raises:
        BadInput: its numbers are out of range, the targets cannot be looked at, or the order could not be taken back.
    """
    if wish == NO_VERIFICATION:
        return ""
    require_numbers(wish)
    others = [target.name for target in order.targets if target.protocol not in UNIX_PROTOCOLS]
    if order.shell == PLAN and all(check.kind in FROM_HERE for check in wish.checks):
        others = []  # its steps say how each is taken back, wherever they are
    if others or order.shell not in (*UNIX_SHELLS, PUT, PLAN):
        raise BadInput(
            "Only what is done to Unix targets is verified by this version.",
            next_step="Propose it without --verify and --on-failure.",
        )
    for target in order.targets:
        strange = [check for check in wish.checks if not fits(check, target.protocol)]
        if strange:
            raise BadInput(
                f"{strange[0]} cannot be looked at on {target.name}: it is reached over {target.protocol}.",
                next_step="Write it as verify of the step that is for such targets.",
            )
    if wish.on_failure is OnFailure.KEEP:
        return wish.text()
    way = way_back_of(order)
    if not way_back or not way.leads_back:
        raise BadInput(
            "It could not be taken back when it fails.",
            why=" ".join(way.gaps) or f"{Coverage.NOTHING.capitalize()} is kept beforehand.",
            next_step="Propose it with --on-failure keep.",
        )
    return replace(wish, keeper=keeper_digest()).text()


def require_numbers(wish: Verification) -> None:
    """Raise BadInput when there are too many checks or tries, or the time is too long."""
    if len(wish.checks) > MOST_CHECKS:
        raise BadInput(f"There are {len(wish.checks)} checks; {MOST_CHECKS} is the most.")
    if not (1 <= wish.tries <= MOST_TRIES and 1 <= wish.within_s <= LONGEST_S):
        raise BadInput(
            f"Checks are tried 1 to {MOST_TRIES} times, within 1 s to 1 h.",
            next_step="Write it as in --tries 10 --within 60s.",
        )


def require_same_keeper(found: Verification) -> None:
    """Check that what would take a change back is what was approved.

    Raises:
        NotApproved: another version of opsterm proposed it.
    """
    if found.on_failure is OnFailure.ROLLBACK and found.keeper != keeper_digest():
        raise NotApproved(
            "It was approved to be taken back by another version of opsterm when it fails.",
            next_step="Propose it again.",
        )


def verification_lines(order: Order, suggested: Sequence[ChangeCheck] = ()) -> tuple[str, ...]:
    """Return in words what is looked at after an order, and what could be.

    Args:
        order: any order.
        suggested: checks that suit what it does.
    """
    try:
        found = verification_of(order)
    except (BadInput, Refused) as error:
        return (error.what,)
    if not found.checks and found.on_failure is OnFailure.KEEP:
        return (f"nothing; suitable: {'; '.join(map(str, suggested))}",) if suggested else ()
    guarded = order.terms is not None and bool(order.terms.confirm_s)
    return (*_checks(found), _consequence(found, guarded=guarded))


def _checks(found: Verification) -> list[str]:
    if not found.checks:
        return []
    tries = f"{found.tries} tries within {span_text(found.within_s)}" if found.tries > 1 else "tried once"
    return [f"{'; '.join(map(str, found.checks))} ({tries})"]


def _consequence(found: Verification, *, guarded: bool) -> str:
    when = "if it fails or does not verify" if found.checks else "if it fails"
    if guarded:
        return f"{when}: the target takes it back at once, as its guard says"
    if found.on_failure is OnFailure.ROLLBACK:
        return f"{when}: taken back there at once, unless somebody else has changed it meanwhile"
    return f"{when}: stays as it is"
