"""The order: the exact thing that an approval is for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

COMMAND_BYTES = 100_000
"""Bytes of a command at most: Linux takes 131,071 for one argument, and quoting needs some of them."""

RESTORE = "restore"
"""The shell of an order whose text says what is put back; see `policy.restoring`."""

PLAN = "plan"
"""The shell of an order whose text is several steps; see `policy.plan_order`."""

HTTP = "http"
"""The shell of an order whose text is a request over HTTP; see `core.http_request`."""

VAPIX = "vapix"
"""The shell of a step that configures a camera; see `policy.camera_order`."""

WATCH = "watch"
"""The shell of a step by which opsterm itself begins to watch a target; see `policy.watch_order`."""

SHELLS_OF_PROTOCOL: Mapping[str, tuple[str, ...]] = {
    "local": ("sh", "bash", "put", RESTORE, PLAN),
    "ssh": ("sh", "bash", "put", RESTORE, PLAN),
    "winrm": ("powershell", "cmd", "wql", RESTORE),
    "http": (HTTP, PLAN),
    "snmp": (PLAN,),
}
"""What carries a text out, by how the target is reached (words of `inventory.Protocol`).

A shell is whatever gives the text its meaning: an interpreter on the target, or one of our own sessions.
"""

STEPS_OF_PROTOCOL: Mapping[str, tuple[str, ...]] = {
    "local": ("sh", "bash", RESTORE),
    "ssh": ("sh", "bash", RESTORE, WATCH),
    "http": (HTTP, VAPIX, WATCH),
    "snmp": (WATCH,),
}
"""What a step of a plan may be, by how its target is reached."""

BESIDE_SESSIONS = (VAPIX, WATCH)
"""What is carried out without a session on the target."""

WITH_OWN_VERB = ("put", RESTORE, PLAN, HTTP)
"""Shells of orders that no text typed for a shell becomes: files, rollbacks, plans and requests."""

SHELLS_ASSESSED = ("bash", "sh", "powershell", "cmd", "network-cli", "sql")
"""Languages of which the risk may be asked; one without a reader is known by its list of harmless commands, if any."""

COMMAND_PROTOCOLS = ("local", "ssh", "winrm")
"""Protocols over which commands run; over HTTP it is requests that are sent, and over SNMP it is only asked."""


def usual_shell(protocols: Iterable[str]) -> str:
    """Return the shell for a text of which none was said: "powershell" when all targets are Windows, else "sh"."""
    known = [SHELLS_OF_PROTOCOL[protocol][0] for protocol in protocols if protocol in SHELLS_OF_PROTOCOL]
    usual = {*known} - {PLAN}
    return usual.pop() if len(usual) == 1 else "sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTarget:
    """One target as it was resolved when the order was written; a later edit of the inventory voids the order.

    Attributes:
        name: target name.
        protocol: how it is reached, a word of `inventory.Protocol`.
        address: what is connected to.
        port: 0 for the protocol's own.
        user: log-in name, "" for what ssh_config or the account says.
    """

    name: str
    protocol: str
    address: str
    port: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAs:
    """How the shell is started on a target.

    Attributes:
        become: the account that sudo becomes, "" for none: the one that logged in.
        login: whether it is a log-in shell, which reads the profile files.
        pty: whether it runs on a terminal.
    """

    become: str = ""
    login: bool = False
    pty: bool = False


AS_LOGGED_IN = RunAs()
"""As ssh runs a command: as the account that logged in, no profile files, no terminal."""

UNIX_SHELLS = ("sh", "bash")
"""Shells that can be started in another way than `AS_LOGGED_IN`."""

BY_SUDO = (*UNIX_SHELLS, RESTORE, PLAN)
"""What can be done as another account."""

_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}\$?")


def require_account(name: str) -> None:
    """Check the name of an account that sudo is to become; whether it exists, the target knows.

    Raises:
        BadInput: it is none, could be taken for an option or a number (#0), or holds signs that no account has.
    """
    if not _ACCOUNT.fullmatch(name):
        raise BadInput(
            f"{clean_line(name, limit=80)!r} is not the name of an account.",
            next_step="Write it as on the target, as in --become or --become=postgres.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an approval is given on, besides the command itself. What is not what it was voids the approval.

    Attributes:
        requested_by: the account that asked.
        environments: of each target, in their order, "" where it is not said.
        requirement: who has to approve, as `requirements.Requirement` writes it.
        plan: id of the plan that it is a step of, "" for none.
        rollback: id of the way back that was prepared, "" for none.
        rollout: how it goes over its targets, as `changes.rollout` writes it; "" for side by side.
        confirm_s: seconds within which the change is confirmed, or the target takes it back by itself; 0 for no guard.
        confirm_by_hand: whether a person confirms it; otherwise a fresh log-in that works does.
        unguarded: why what can cut our way has no guard, "" for anything else.
        verify: what is looked at afterwards, and what follows, as `changes.verification` writes it; "" for nothing.
        inverse: a command that takes it back where that is not kept, as whoever asked wrote it; "" for none.
        undoes: number of the change of which this is the inverse, 0 for none.
        standing: for turns of a job that run without being asked about: who answers at its targets, as
            `standing.standing_text` writes it; "" for an order that is run itself.
        under: number and digest of the standing approval that a turn of a job runs by, "" for none.
        once: a text that no other order has, so that an approval of one is none of its twin.
    """

    requested_by: str
    environments: tuple[str, ...]
    requirement: str
    plan: str = ""
    rollback: str = ""
    rollout: str = ""
    confirm_s: int = 0
    confirm_by_hand: bool = False
    unguarded: str = ""
    verify: str = ""
    inverse: str = ""
    undoes: int = 0
    standing: str = ""
    under: str = ""
    once: str

    def canonical(self) -> dict[str, object]:
        """Return what is approved of them; what may be empty only where it is not, as before there was any."""
        body = asdict(self)
        for name in (
            "rollout", "confirm_s", "confirm_by_hand", "unguarded", "verify", "inverse", "undoes", "standing", "under",
        ):  # fmt: skip
            if not body[name]:
                del body[name]
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What would run, where, as whom, for how long, until when. Every byte of it is approved.

    Attributes:
        command: the text handed to the shell, unchanged.
        shell: what carries the text out; a word of SHELLS_OF_PROTOCOL.
        targets: in the order in which they are worked on.
        timeout_s: seconds it may run on one target.
        expires_at: epoch seconds after which it may not start.
        become, login, pty: as in `RunAs`.
        terms: what the approval is given on; None for an order that was proposed before there were any.
    """

    command: str
    shell: str
    targets: tuple[OrderTarget, ...]
    timeout_s: float
    expires_at: float
    become: str = ""
    login: bool = False
    pty: bool = False
    terms: Terms | None = None

    @property
    def run_as(self) -> RunAs:
        """How its shell is started."""
        return RunAs(become=self.become, login=self.login, pty=self.pty)

    def canonical(self) -> bytes:
        """Return the bytes that are approved: JSON with sorted keys, times in whole milliseconds, no floats.

        An order whose shell is started as it always was has the bytes that it always had ("v" 1), so that what was
        approved before there were other ways is still verified. "v" 2 names them, and "v" 3 names the terms as well;
        no text is two of them.
        """
        body: dict[str, object] = {
            "v": 1,
            "command": self.command,
            "shell": self.shell,
            "targets": [[t.name, t.protocol, t.address, t.port, t.user] for t in self.targets],
            "timeout_ms": round(self.timeout_s * 1000),
            "expires_ms": round(self.expires_at * 1000),
        }
        if self.run_as != AS_LOGGED_IN:
            body |= {"v": 2, "become": self.become, "login": self.login, "pty": self.pty}
        if self.terms is not None:
            how = {"become": self.become, "login": self.login, "pty": self.pty}
            body |= {"v": 3, **how, "terms": self.terms.canonical()}
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

    def digest(self) -> str:
        """Return sha256 over `canonical`, 64 hex digits."""
        return hashlib.sha256(self.canonical()).hexdigest()


_TYPES: Mapping[str, tuple[type, ...]] = {
    "port": (int,), "confirm_s": (int,), "undoes": (int,), "timeout_s": (float,), "expires_at": (float,),
    "login": (bool,), "pty": (bool,), "confirm_by_hand": (bool,),
}  # fmt: skip


def _is_typed(record: Order | OrderTarget | Terms) -> bool:
    """Return whether everything in a record that was read is what it is declared to be."""
    for field in fields(record):
        value = getattr(record, field.name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, (OrderTarget, Terms)):
                if not _is_typed(one):
                    return False
            elif not isinstance(one, _TYPES.get(field.name, (str,))) or (isinstance(one, float) and not isfinite(one)):
                return False
    return True


def order_of(canonical: bytes) -> Order:
    """Return the order that these bytes are the canonical form of, as somebody elsewhere is asked to approve it.

    Raises:
        BadInput: they are the canonical form of none, or of one without terms.
    """
    try:
        body = json.loads(canonical)
        terms = body["terms"]
        order = Order(
            command=body["command"],
            shell=body["shell"],
            targets=tuple(
                OrderTarget(name=name, protocol=protocol, address=address, port=port, user=user)
                for name, protocol, address, port, user in body["targets"]
            ),
            timeout_s=body["timeout_ms"] / 1000,
            expires_at=body["expires_ms"] / 1000,
            become=body["become"],
            login=body["login"],
            pty=body["pty"],
            terms=Terms(**{**terms, "environments": tuple(terms["environments"])}),
        )
        if order.targets and _is_typed(order) and order.canonical() == canonical:
            return order
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    raise BadInput(
        "This is not what opsterm asks somebody to approve.",
        next_step="Have it made anew: opsterm change c18 --request",
    )
