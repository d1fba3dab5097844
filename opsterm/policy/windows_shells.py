"""The readers of the Windows shells, which hand each other's texts on: cmd to PowerShell, PowerShell to SQL."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.policy.cmd_shell.reader import note_cmd
from opsterm.policy.effect_notes import EffectNotes
from opsterm.policy.invocation import Findings
from opsterm.policy.layer import Layer, ReadText
from opsterm.policy.network_cli.reader import note_network_cli
from opsterm.policy.powershell.reader import note_powershell, note_powershell_program, note_program_text
from opsterm.policy.shell.reader import read_shell
from opsterm.policy.sql import sql_effects


def _note_sql(text: str, layer: Layer, dialect: str = "") -> None:
    effects, opaque = sql_effects(text, dialect, 0)
    for effect in effects:
        layer.notes.add(
            effect.kind, effect.object, layer.place(effect.span.start, effect.span.end), effect.certainty
        )  # fmt: skip
    for sentence in opaque:
        layer.notes.hide(sentence)


def _note_tsql(text: str, layer: Layer) -> None:
    _note_sql(text, layer, "tsql")


def _note_bash(text: str, layer: Layer) -> None:
    found = read_shell(text)
    for effect in found.effects:
        layer.notes.add(effect.kind, effect.object, layer.place(0, 0), effect.certainty)
    for sentence in found.opaque:
        layer.notes.hide(sentence)


_LANGUAGES: Mapping[str, ReadText] = {
    "powershell": note_powershell, "powershell.exe": note_powershell_program, "cmd": note_cmd,
    "program": note_program_text, "bash": _note_bash, "sql": _note_sql, "tsql": _note_tsql,
    "network-cli": note_network_cli,
}  # fmt: skip


def _read(shell: str, text: str) -> Findings:
    notes = EffectNotes()
    _LANGUAGES[shell](text, Layer(notes=notes, languages=_LANGUAGES))
    if text.strip() and not notes.effects and not notes.opaque:
        notes.hide("Nothing in it is understood.")
    return notes.findings()


def read_powershell(text: str) -> Findings:
    """Read a text of PowerShell (5.1 and 7). Never raises; what cannot be followed is opaque."""
    return _read("powershell", text)


def read_cmd(text: str) -> Findings:
    """Read a text for cmd.exe. Never raises; what cannot be followed is opaque."""
    return _read("cmd", text)


def read_sql(text: str) -> Findings:
    """Read SQL whose dialect is not known. Never raises; what cannot be followed is opaque."""
    return _read("sql", text)


def read_network_cli(text: str) -> Findings:
    """Read lines for the command line of a network device. Never raises; what cannot be followed is opaque."""
    return _read("network-cli", text)
