"""What `opsterm doctor` says: each part of the house, how it is, and what to do when it is not well."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from opsterm.core.errors import OpstermError
from opsterm.core.paths import Paths
from opsterm.core.settings import Loaded, describe_settings
from opsterm.core.units import age_text
from opsterm.runtime.supervisor import TaskStatus


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
