"""Help for where you are: what it is, and every key that counts there."""

from __future__ import annotations

from opsterm.runtime.commands import COMMANDS, key_text
from opsterm.tui.keys import KeyMap

ABOUT = {
    "inventory": "The targets opsterm looks after, in groups. Lines of targets that look alike are folded: enter opens "
    "them. space marks lines; what you do next is done to the marked ones.",
    "chart": "Measurements of one target. Each column keeps its lowest and highest value, so a spike is never lost; a "
    "gap is a time without measurements.",
    "alerts": "What is wrong now: firing first, critical before warning. An alert ends only when measurements are good "
    "again.",
    "chat": "Questions in plain language about targets, metrics, alerts and changes. It answers from what is measured "
    "and kept, and says so when it did not understand. Arrow up brings back what you asked; arrow down brings how it "
    "was understood, as a line you can edit. A command becomes a proposal, never more. esc stops an answer that is "
    "coming, then leaves the line: j and k pick a passage. /help and its like do more.",
    "terminal": "A shell on a target, opened by your own hand. Every key goes to the remote, esc included; only ctrl+] "
    "leaves, pressed twice it is sent. shift+pgup scrolls back.",
    "approvals": "Changes: what waits for a decision, what runs, what has ended. Nothing runs that was not approved "
    "byte for byte.",
}


def help_text(place: str, keymap: KeyMap) -> str:
    """Return the help of a pane."""
    lines = [ABOUT[place], ""]
    sections = [(f"In {place}", place), ("Everywhere", "everywhere")]
    if place not in ("terminal", "chart"):
        sections.insert(1, ("In lists", "lists"))
    for heading, pane in sections:
        rows = [c for c in COMMANDS if pane in c.pane.split(", ")]
        if rows:
            lines += [heading]
            lines += [f"  {' '.join(key_text(k) for k in keymap.keys(c)) or 'palette':16} {c.text}" for c in rows]
            lines.append("")
    return "\n".join(lines)
