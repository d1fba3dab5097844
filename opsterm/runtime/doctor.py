"""What `opsterm doctor` says: each part of the house, how it is, and what to do when it is not well."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

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


def tasks_to_json(tasks: Sequence[TaskStatus]) -> str:
    """Return tasks as the text that other processes read."""
    return json.dumps([asdict(task) for task in tasks], separators=(",", ":"))


def tasks_from_json(text: str) -> Sequence[TaskStatus]:
    """Read what `tasks_to_json` wrote; [] when it is not that."""
    try:
        return [TaskStatus(**row) for row in json.loads(text)]
    except (ValueError, TypeError):
        return []


def check_store(facts: Mapping[str, str], read_only_because: str) -> Check:
    """Return the line for the database."""
    text = ", ".join(f"{name} {value}" for name, value in facts.items())
    if read_only_because:
        return Check(
            name="database", health=Health.BAD, text=f"{read_only_because} ({text})",
            next_step="Make room or give write access; opsterm goes on reading and tries again by itself.",
        )  # fmt: skip
    return Check(name="database", health=Health.GOOD, text=text)
