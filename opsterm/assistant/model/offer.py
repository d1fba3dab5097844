"""The tools that a model is offered: they look, within limits, and one proposes. Arguments are flat.

What a model asks for is data: each argument is looked at again where it is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.assistant.model.talk import Tool

MOST_STEPS = 6
"""Answers of a model in one turn; with the last no tools are offered."""

TURN_S = 60.0
"""Seconds of a whole turn."""

MOST_TOKENS = 120_000
"""Tokens of one turn, those of every step counted."""

RESULT_SHARE = 0.15
"""Share of the context that the result of one tool may take."""

MOST_PROPOSALS = 3
"""Changes that one turn may propose."""

MOST_WAITING = 20
"""Changes proposed by a model that may wait for a person at a time."""

MOST_TARGETS = 50
COMMAND_LIMIT = 2_000


def _flat(required: Sequence[str], **properties: Mapping[str, object]) -> Mapping[str, object]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _text(about: str, limit: int) -> Mapping[str, object]:
    return {"type": "string", "description": about, "maxLength": limit}


def _count(about: str, most: int) -> Mapping[str, object]:
    return {"type": "integer", "description": about, "minimum": 1, "maximum": most}


SEARCH_INVENTORY = Tool(
    name="search_inventory",
    text="Lists hosts with status, system, groups, tags. The filter is a selector: tag:web and os:debian, web-01, "
    "status:offline, all.",
    parameters=_flat(["filter"], filter=_text("a selector", 300)),
)
GET_METRIC = Tool(
    name="get_metric",
    text="Reads measured values of one host: the newest, or lowest and highest over some hours. Metrics are dotted, "
    "with * as in fs.*; cpu.used_percent, memory.used_percent, load.1m, fs.used_percent are some.",
    parameters=_flat(
        ["target", "metric"], target=_text("exact name of the host", 253), metric=_text("metric, or pattern", 100),
        hours=_count("hours back; leave out for the newest", 24 * 31),
    ),
)  # fmt: skip
LIST_ALERTS = Tool(
    name="list_alerts",
    text="Lists open alerts, of one host or of all.",
    parameters=_flat([], target=_text("exact name of the host; leave out for all", 253)),
)
SEARCH_KNOWLEDGE = Tool(
    name="search_knowledge",
    text="Finds cards about faults, how-to and concepts: symptoms, checks, cause, fix, risk, way back.",
    parameters=_flat(["words"], words=_text("symptom, error or question", 500)),
)
READ_OUTPUT = Tool(
    name="read_output",
    text="Looks at what a command of an earlier change printed on a host. You are told the class of error and the "
    "lines that show it.",
    parameters={
        "type": "object",
        "properties": {
            "ref": _text("change and host, as in c18/web-01", 300),
            "from": _count("first line", 1_000_000),
            "to": _count("last line", 1_000_000),
        },
        "required": ["ref"],
    },
)
PROPOSE_ACTION = Tool(
    name="propose_action",
    text="Proposes one shell command for hosts. Nothing runs: a person reads it, and approves or denies it.",
    parameters=_flat(
        ["kind", "command", "target_names", "why", "risk", "rollback", "verify"],
        kind={"type": "string", "enum": ["command"], "description": "what is proposed"},
        command=_text("the exact command, one line", COMMAND_LIMIT),
        target_names={"type": "array", "items": {"type": "string"}, "minItems": 1,
                      "description": f"exact names of hosts, at most {MOST_TARGETS}"},
        why=_text("one sentence", 400),
        risk={"type": "string", "enum": ["read", "low", "medium", "high", "critical"], "description": "how bad it is"},
        rollback=_text("how it is taken back, or none", 400),
        verify=_text("how one sees that it worked, or none", 400),
    ),
)  # fmt: skip

OFFERED: Sequence[Tool] = (
    SEARCH_INVENTORY, GET_METRIC, LIST_ALERTS, SEARCH_KNOWLEDGE, READ_OUTPUT, PROPOSE_ACTION,
)  # fmt: skip


def result_limit(context: int) -> int:
    """Return the characters that a tool's result may have in a context of so many tokens, at three a token."""
    return int(context * RESULT_SHARE * 3)
