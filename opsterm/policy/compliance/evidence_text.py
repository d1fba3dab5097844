"""Evidence as a text to hand over: Markdown, JSON, or one HTML page that loads nothing.

Commands are whatever somebody typed: every cell is escaped for the form that it stands in.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence

from opsterm.policy.audit import utc_text
from opsterm.policy.compliance.evidence import Checked, Evidence, strictest_of, verdict

SAYS = (
    "This is what opsterm was asked to run and which controls those commands touched by its rules. It looks at "
    "commands, not at systems: nothing in it says that a control is met."
)
_MARKS = re.compile(r"([\\`*_{}\[\]<>|~&])")

_Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]


def _tables(found: Evidence) -> list[_Table]:
    """Return the tables in order, each with its title, its columns and its rows."""
    return [
        ("Packs that are on", ("pack", "sha256"), found.packs),
        (
            "Controls that were touched", ("control", "what it is about", "touched", "not carried out", "run"),
            [(one.control, one.title, str(one.touched), str(one.denied), str(one.ran)) for one in found.controls],
        ),
        (
            "Not evaluated", ("rule", "not known", "changes"),
            [(rule, what, str(count)) for rule, what, count in found.not_evaluated],
        ),
        (
            "Changes",
            ("change", "asked", "by", "command", "targets", "risk", "asked for", "rules", "controls", "outcome",
             "refused", "decided by", "decided"),
            [_row(one) for one in found.checked],
        ),
    ]  # fmt: skip


def _row(one: Checked) -> tuple[str, ...]:
    controls = dict.fromkeys(control for finding in one.findings if not finding[3] for control in finding[4])
    rules = "; ".join(verdict(finding) for finding in one.findings) if one.packs else "no rule was asked"
    decided = utc_text(one.decided_at) if one.decided_at else ""
    return (
        one.change, utc_text(one.at), one.by, one.command, one.targets, one.risk, strictest_of(one), rules,
        "; ".join(controls), one.outcome, "; ".join(one.refusals), one.decided_by, decided,
    )  # fmt: skip


def _head(found: Evidence) -> list[str]:
    unchecked = f"; of {found.unchecked} no rule was asked" if found.unchecked else ""
    mode = "refuse an approval" if found.strict else "ask and say so"
    return [
        f"From {utc_text(found.since)} to {utc_text(found.until)}, made {utc_text(found.made_at)} by {found.made_by}.",
        f"{len(found.checked)} changes were proposed{unchecked}. Rules that deny {mode} now.",
        SAYS,
    ]


def as_markdown(found: Evidence) -> str:
    """Return evidence as Markdown."""
    lines = ["# Evidence of policy checks", "", *[f"{line}\n" for line in _head(found)]]
    for title, columns, rows in _tables(found):
        lines += [f"## {title}", ""]
        if not rows:
            lines += ["None.", ""]
            continue
        lines += [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
        lines += [f"| {' | '.join(_MARKS.sub(_escaped, cell) for cell in row)} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def _escaped(sign: re.Match[str]) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(sign[1], f"\\{sign[1]}")


def as_html(found: Evidence) -> str:
    """Return evidence as one page without scripts; a browser is told to load nothing."""
    body = [f"<p>{html.escape(line)}</p>" for line in _head(found)]
    for title, columns, rows in _tables(found):
        body.append(f"<h2>{html.escape(title)}</h2>")
        if not rows:
            body.append("<p>None.</p>")
            continue
        head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
        lines = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
        body.append(f"<table><thead><tr>{head}</tr></thead><tbody>")
        body += [f"<tr>{line}</tr>" for line in lines]
        body.append("</tbody></table>")
    return _PAGE.replace("BODY", "\n".join(body))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evidence of policy checks</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body { font-family: sans-serif; margin: 2em; color: #111; background: #fff; }
table { border-collapse: collapse; margin-bottom: 2em; }
th, td { border: 1px solid #999; padding: 0.2em 0.5em; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
</style></head><body>
<h1>Evidence of policy checks</h1>
BODY
</body></html>
"""


def as_json(found: Evidence) -> str:
    """Return evidence as one JSON object; times are epoch seconds, 0 for not yet."""
    body = {
        "since": found.since, "until": found.until, "made_at": found.made_at, "made_by": found.made_by, "says": SAYS,
        "strict": found.strict, "packs": [{"name": name, "sha256": digest} for name, digest in found.packs],
        "changes": [_change(one) for one in found.checked], "unchecked": found.unchecked,
        "controls": [
            {"control": one.control, "title": one.title, "touched": one.touched, "not_carried_out": one.denied,
             "ran": one.ran}
            for one in found.controls
        ],
        "not_evaluated": [
            {"rule": rule, "missing": what, "changes": count} for rule, what, count in found.not_evaluated
        ],
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=True, indent=1) + "\n"


def _change(one: Checked) -> dict[str, object]:
    return {
        "change": one.change, "at": one.at, "by": one.by, "command": one.command, "targets": one.targets,
        "risk": one.risk, "packs": one.packs, "decision": strictest_of(one), "outcome": one.outcome,
        "refusals": one.refusals, "decided_by": one.decided_by, "decided_at": one.decided_at, "ran": one.ran,
        "findings": [
            {"rule": rule, "rule_decision": rule_says, "decision": decision, "evaluated": not missing,
             "missing": missing, "controls": controls}
            for rule, rule_says, decision, missing, controls in one.findings
        ],
    }  # fmt: skip


FORMATS: Mapping[str, Callable[[Evidence], str]] = {"md": as_markdown, "json": as_json, "html": as_html}
"""Format -> what writes it."""
