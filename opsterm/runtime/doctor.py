"""What `opsterm doctor` says: each part of the house, how it is, and what to do when it is not well."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from opsterm import __version__
from opsterm.core.errors import OpstermError
from opsterm.core.hub import Ear
from opsterm.core.mail import LOST_STATES, Mail, RecipientState
from opsterm.core.mail_settings import MailSettings
from opsterm.core.paths import Paths
from opsterm.core.settings import Loaded
from opsterm.core.settings_reading import describe_settings
from opsterm.core.snmp_settings import SnmpSettings, udp_place, way_without_root
from opsterm.core.units import age_text
from opsterm.core.winrm_settings import WinrmSettings
from opsterm.policy.chain import ChainVerdict, verdict_text
from opsterm.runtime.audit import AuditStatus, checkpoints_text
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.checks import CheckState
from opsterm.runtime.compliance import Compliance
from opsterm.runtime.learned_risk import LearnedState
from opsterm.runtime.mail import check_server
from opsterm.runtime.notices import notice_rules
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_store import LeaseRow
from opsterm.runtime.supervisor import TaskStatus
from opsterm.runtime.traps import Receiver, checked_trap_rules

LOWEST_FREE_PORT = 1024
"""Ports below it need root or a capability."""


class Health(StrEnum):
    """How one part is."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the doctor's report.

    Attributes:
        name: which part.
        health: how it is.
        text: what is the case, one sentence.
        next_step: what to do, "" when nothing.
    """

    name: str
    health: Health
    text: str
    next_step: str = ""


def check_failure(error: OpstermError) -> Check:
    """Return the line for data that cannot be opened."""
    text = " ".join(" ".join(part.split()) for part in (error.what, error.why) if part)
    return Check(name="database", health=Health.BAD, text=text, next_step=error.next_step)


def check_program() -> Check:
    """Return the line that says what runs."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="opsterm", health=Health.GOOD, text=f"version {__version__} on Python {python}")


def check_operator(operator: Operator) -> Check:
    """Return the line that says who sits there."""
    origin = f", from {operator.origin}" if operator.origin else ""
    return Check(name="operator", health=Health.GOOD, text=f"{operator.name} on {operator.host}{origin}")


async def check_credentials(credentials: BoundCredentials) -> Check:
    """Return the line on the keyring or the vault."""
    try:
        text = await credentials.describe()
    except OpstermError as error:
        return Check(name="credentials", health=Health.BAD, text=error.what, next_step=error.next_step)
    return Check(name="credentials", health=Health.GOOD, text=text)


def check_listeners(ears: Sequence[Ear]) -> Sequence[Check]:
    """Return a line for each listener of this process that was too slow for all samples."""
    return [
        Check(name=f"listener {ear.name}", health=Health.NOTE, text=f"missed {ear.shed} samples")
        for ear in ears
        if ear.shed
    ]


def check_settings(loaded: Loaded, file: Path) -> Check:
    """Return the line that names the settings which differ from their defaults, and where each comes from."""
    differ = [
        f"{key} = {value} ({source})" for key, value, source, _ in describe_settings(loaded) if source != "default"
    ]
    differ += [f"{key} ({source})" for key, source in loaded.sources.items() if key.startswith("keys.")]
    text = f"{file}: " + (f"{', '.join(differ)}; all else is as it ships" if differ else "all are as they ship")
    return Check(name="settings", health=Health.GOOD, text=text)


def check_folders(paths: Paths) -> Check:
    """Return the line that says where things are."""
    return Check(name="folders", health=Health.GOOD, text=f"data {paths.data}, reports {paths.state}")


def check_terminal(environment: Mapping[str, str]) -> Check:
    """Return the line on what the session says of its terminal; what the screen makes of it, the screen says."""
    said = [f"{name}={environment[name]}" for name in _TERMINAL_VARIABLES if environment.get(name)]
    missing = not environment.get("TERM")
    return Check(
        name="terminal", health=Health.NOTE if missing else Health.GOOD,
        text=", ".join(said) or "the session names none",
        next_step="The screen needs TERM; verbs do not." if missing else "",
    )  # fmt: skip


_TERMINAL_VARIABLES = ("TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "TMUX", "STY", "SSH_TTY")


def check_without_store(
    operator: Operator, loaded: Loaded, paths: Paths, environment: Mapping[str, str]
) -> Sequence[Check]:
    """Return the lines for what can be looked at when the data cannot be opened."""
    return [
        check_program(), check_operator(operator), check_settings(loaded, paths.config_file), check_folders(paths),
        check_terminal(environment),
    ]  # fmt: skip


def check_ssh_config(path: str, problems: Sequence[str]) -> Check:
    """Return the line for the account's ssh_config, which is read at every start."""
    if not problems:
        return Check(name="ssh_config", health=Health.GOOD, text=f"{path} was read")
    more = f"; {len(problems) - 3} more" if len(problems) > 3 else ""
    return Check(
        name="ssh_config", health=Health.NOTE, text="; ".join(problems[:3]) + more,
        next_step="`opsterm targets import ssh_config " + path + "` names each line.",
    )  # fmt: skip


def check_task(task: TaskStatus, now: float) -> Check:
    """Return the line for one long-lived task."""
    beat = f"last sign of life {age_text(now - task.last_beat)} ago"
    text = f"{task.state}, {beat}, started again {task.restarts} times"
    if task.last_error:
        text += f"; last failure: {task.last_error}"
    ill = task.late(now) or task.state == "waiting to restart"
    return Check(
        name=f"task {task.name}",
        health=Health.BAD if ill else Health.NOTE if task.restarts else Health.GOOD,
        text=text,
        next_step="It is started again by itself; if it keeps failing, its last failure says why." if ill else "",
    )


def tasks_to_json(tasks: Sequence[TaskStatus], now: float) -> str:
    """Return tasks as the text that other processes read, stamped with epoch seconds."""
    return json.dumps({"at": now, "tasks": [asdict(task) for task in tasks]}, separators=(",", ":"))


def tasks_from_json(text: str) -> tuple[float, Sequence[TaskStatus]]:
    """Read what `tasks_to_json` wrote: when, and which; (0, []) when it is not that."""
    try:
        said = json.loads(text)
        return float(said["at"]), [TaskStatus(**row) for row in said["tasks"]]
    except (ValueError, TypeError, KeyError):
        return 0.0, []


def check_store(facts: Mapping[str, str], read_only_because: str) -> Check:
    """Return the line for the database."""
    text = ", ".join(f"{name} {value}" for name, value in facts.items())
    if read_only_because:
        return Check(
            name="database", health=Health.BAD, text=f"{read_only_because} ({text})",
            next_step="Make room or give write access; opsterm goes on reading and tries again by itself.",
        )  # fmt: skip
    return Check(name="database", health=Health.GOOD, text=text)


def check_checks(states: Sequence[CheckState], now: float) -> Check:
    """Return the line for the checks at an interval: how many stand how, and which are not made as they should be."""
    if not states:
        return Check(name="checks", health=Health.GOOD, text="none are set, so nothing is checked at an interval")
    counts = Counter(state.state for state in states)
    text = ", ".join(f"{count} {word}" for word, count in counts.items())
    ill = [state for state in states if state.state in ("stalled", "unable")]
    for state in ill[:5]:
        why = state.reasons[0] if state.reasons else f"last made {age_text(now - (state.made_at or now))} ago"
        text += f"; {state.place.plan.name} on {state.place.target} is {state.state}: {why}"
    more = f"; {len(ill) - 5} more" if len(ill) > 5 else ""
    return Check(
        name="checks", health=Health.BAD if ill else Health.GOOD, text=text + more,
        next_step="`opsterm check list` shows each; a stalled one was not made when it was due." if ill else "",
    )  # fmt: skip


def check_winrm(settings: WinrmSettings) -> Check:
    """Return the line for how Windows targets are logged in to, and what of it is less safe than it could be."""
    if settings.warnings:
        return Check(
            name="winrm", health=Health.NOTE, text=" ".join(settings.warnings),
            next_step="Set winrm.auth to ntlm, kerberos or certificate, and winrm.verify to true, as soon as you can.",
        )  # fmt: skip
    line = "HTTPS" if settings.security == "https" else "HTTP, each message encrypted"
    text = f"{settings.auth} over {line} where the port does not say it; certificates are verified"
    return Check(name="winrm", health=Health.GOOD, text=text)


def check_mail(settings: MailSettings, queue: Sequence[Mail], now: float) -> Check:
    """Return the line for mail: whether it can be sent, what waits, what was lost.

    Args:
        settings: of the server.
        queue: mails that somebody waits for or that were lost, newest first.
        now: epoch seconds.
    """
    lost = [mail for mail in queue if any(r.state in LOST_STATES for r in mail.recipients)]
    unsure = [mail for mail in queue if any(r.state is RecipientState.UNSURE for r in mail.recipients)]
    late = [mail for mail in queue if mail.waiting]
    if not settings.host and not queue:
        return Check(name="mail", health=Health.GOOD, text="no mail server is set, so no mail is sent")
    try:
        check_server(settings)
        rules = notice_rules(settings)
    except OpstermError as error:
        said = f"{error.what} {error.why}".strip()
        return Check(name="mail", health=Health.BAD, text=said, next_step=error.next_step)
    tables = f"{len(rules)} [[mail.notify]] tables" if rules else "no alerts are told: there is no [[mail.notify]]"
    text = f"{settings.host}:{settings.port_used}, {settings.security}, {tables}; {len(late)} wait"
    failing = next((mail for mail in late if mail.tries), None)
    if failing is not None:
        said = failing.trouble or next((r.reply for r in failing.recipients if r.state is RecipientState.WAITING), "")
        text += f", the oldest for {age_text(now - late[-1].made_at)}; last failure: {said}"
    if unsure:
        text += f"; {len(unsure)} may have been sent, or not: opsterm ended while it handed them over"
    if lost:
        return Check(
            name="mail", health=Health.BAD, text=f"{text}; {len(lost)} were not delivered and are tried no more",
            next_step="`opsterm mail queue` says why; `opsterm mail retry` tries again, `opsterm mail drop` gives up.",
        )  # fmt: skip
    if unsure:
        return Check(
            name="mail", health=Health.NOTE, text=text,
            next_step="Ask those it was for. `opsterm mail retry m7` sends one again, `opsterm mail drop m7` ends it.",
        )  # fmt: skip
    if failing is not None:
        return Check(name="mail", health=Health.NOTE, text=text, next_step="`opsterm mail test` says what is wrong.")
    unverified = settings.security != "none" and not settings.verify
    if unverified or settings.security == "none":
        risk = "its certificate is not looked at" if unverified else "nothing on the line is protected"
        return Check(name="mail", health=Health.NOTE, text=f"{text}; {risk}")
    return Check(name="mail", health=Health.GOOD, text=text)


def check_traps(settings: SnmpSettings, receiver: Receiver | None, now: float) -> Check:
    """Return the line for the receiver of traps: where it listens, what it took, what it did not.

    Args:
        settings: of SNMP.
        receiver: as it last said, None when it never did.
        now: epoch seconds.
    """
    place = udp_place(settings.traps)
    if place is None:
        return Check(name="traps", health=Health.GOOD, text="snmp.traps is not set, so no traps are received")
    try:
        rules = checked_trap_rules(settings)
    except OpstermError as error:
        said = f"{error.what} {error.why}".strip()
        return Check(name="traps", health=Health.BAD, text=said, next_step=error.next_step)
    if receiver is None or receiver.place != settings.traps:
        way = way_without_root(place[1]) if place[1] < LOWEST_FREE_PORT else ""
        return Check(
            name="traps", health=Health.NOTE, text=f"{settings.traps}: has not been received at yet",
            next_step=f"If this account may not open the port: {way}" if way else "Start `opsterm` or `opsterm serve`.",
        )  # fmt: skip
    if receiver.error:
        return Check(name="traps", health=Health.BAD, text=receiver.error, next_step=receiver.next_step)
    known = [count for count in receiver.senders if count.target]
    text = (
        f"{receiver.place}: {sum(count.taken for count in known)} taken from {len(known)} targets, {len(rules)} rules"
    )
    troubles = {
        "refused": sum(count.refused for count in known), "malformed": sum(count.malformed for count in known),
        "over the limit": sum(count.dropped for count in known), "not kept": receiver.left_out,
        "from addresses of no target": sum(count.received for count in receiver.senders if not count.target),
    }  # fmt: skip
    said = ", ".join(f"{number:,} {what}" for what, number in troubles.items() if number)
    if not said:
        return Check(name="traps", health=Health.GOOD, text=f"{text}; said {age_text(now - receiver.at)} ago")
    return Check(
        name="traps", health=Health.NOTE, text=f"{text}; {said}",
        next_step="`opsterm snmp traps --senders` says whose, and why.",
    )  # fmt: skip


def check_audit(status: AuditStatus, verdict: ChainVerdict) -> Check:
    """Return the line for the audit chain: whether it is whole, who has its first key, where its checkpoints are.

    Args:
        status: how it stands.
        verdict: of a look at the whole chain, without a key.
    """
    if verdict.finding is not None:
        return Check(
            name="audit", health=Health.BAD, text=verdict_text(verdict),
            next_step="Keep a copy of the data folder as it is. `opsterm audit verify --key --checkpoint` says more.",
        )  # fmt: skip
    if status.head is None:
        return Check(name="audit", health=Health.GOOD, text="nothing has been entered into the chain yet")
    text = f"{verdict.entries:,} entries hang together; " + checkpoints_text(status)
    longer = [state for state in status.places if state.chain == verdict.chain and state.count > verdict.entries]
    if longer:
        return Check(
            name="audit", health=Health.BAD, text=f"{text}; a checkpoint tells of {longer[0].count:,} entries",
            next_step="The end of the chain was cut off, or an older database was put back.",
        )  # fmt: skip
    failing = [state for state in status.places if state.error]
    if failing:
        said = "; ".join(f"{state.place}: {state.error}" for state in failing)
        return Check(name="audit", health=Health.BAD, text=f"{text}; {said}", next_step="It is tried again by itself.")
    steps = []
    if status.head.first_key_waits:
        steps.append("`opsterm audit key --once` shows the first key, to be kept on another host.")
    if not status.places:
        steps.append("Set audit.checkpoints to a place on another host, so that a cut tail is found.")
    text = " ".join([text, *verdict.anew])
    health = Health.NOTE if steps or verdict.anew else Health.GOOD
    return Check(name="audit", health=health, text=text, next_step=" ".join(steps))


async def check_policies(compliance: Compliance) -> Check:
    """Return the line for the rules: with a fault in one file nothing is proposed or approved."""
    try:
        rules = (await compliance.rulebook()).rules
    except OpstermError as error:
        text = " ".join(" ".join(part.split()) for part in (error.what, error.why) if part)
        return Check(name="policies", health=Health.BAD, text=text, next_step=error.next_step)
    own = sum(rule.own for rule in rules)
    text = f"{len(rules) - own} rules that ship, {own} of your own in {compliance.own_folder}"
    return Check(name="policies", health=Health.GOOD, text=text)


def check_learned(state: LearnedState) -> Check:
    """Return the line for what is learned of risk."""
    said = state.silent.partition("\n")[0]
    if state.outdated:
        step = "`opsterm risk train` makes it anew."
        return Check(name="learned risk", health=Health.NOTE, text=f"silent: {said}", next_step=step)
    return Check(
        name="learned risk", health=Health.GOOD, text=f"silent: {said}" if said else "may raise a grade by one"
    )  # fmt: skip


def check_lease(row: LeaseRow | None, me: str, now: float) -> Check:
    """Return the line for who runs the workers.

    Args:
        row: the lease of a process that lives, None when there is none.
        me: this process's name.
        now: epoch seconds.
    """
    if row is None:
        return Check(
            name="workers", health=Health.NOTE, text="no process runs the workers, so nothing is measured",
            next_step="Start `opsterm`, or `opsterm serve` for a service.",
        )  # fmt: skip
    mine = " (this process)" if row.holder == me else ""
    text = f"run by process {row.holder.partition('.')[0]}{mine}, a {row.face}, since {age_text(now - row.since)}"
    return Check(name="workers", health=Health.GOOD, text=text)
