"""Programs of Windows that run the text they are given, here or elsewhere: shells, schedulers, clients of databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.sql import sql_effects
from opsterm.policy.win32.programs import WindowsProgramCall, behind, note_by_rows, plain_words

_K, _C = EffectKind, Certainty


def _shell(call: WindowsProgramCall) -> None:
    """Read `cmd /c text` and its like."""
    at = next((i for i, w in enumerate(call.lower) if w.startswith(("/c", "/k", "/r", "-c"))), -1)
    if at < 0:
        if "/?" in call.words:
            call.note(_K.READ, call.name)
            return
        call.note(_K.REMOTE_CODE, call.name, _C.POSSIBLE)
        call.notes.hide("cmd is started without /c, and reads what it runs from elsewhere.")
        return
    first = call.words[at][2:]
    text = " ".join(word for word in (first, *call.words[at + 1 :]) if word)
    _hand_over(call, "cmd", text)


def _hand_over(call: WindowsProgramCall, shell: str, text: str) -> None:
    if text.strip():
        call.run(shell, text)
    else:
        call.notes.hide(f"{call.name} is started without words, and reads what it runs from elsewhere.")


def _powershell(call: WindowsProgramCall) -> None:
    call.run("powershell.exe", "\x00".join(call.words))


def _behind_options(call: WindowsProgramCall, valued: Sequence[str]) -> list[str]:
    words = list(call.words)
    while words and (words[0].startswith(("/", "-", "\\\\", "@")) or words[0] == ""):
        option = words.pop(0)
        if option.lower().replace("-", "/", 1) in valued and words:
            words.pop(0)
    return words


def _remote(call: WindowsProgramCall) -> None:
    """Read a program that runs another one, mostly on another host: psexec, winrs."""
    rest = _behind_options(call, ("/u", "/p", "/n", "/w", "/a", "/r", "/i", "/username", "/password"))
    call.note(_K.REMOTE_CODE, rest[0] if rest else "?", _C.LIKELY)
    _hand_over(call, "cmd", " ".join(rest))


def _runas(call: WindowsProgramCall) -> None:
    call.note(_K.PRIVILEGE, behind(call.words, "/user"), _C.LIKELY)
    _hand_over(call, "cmd", " ".join(plain_words(call.words)))


def _at(call: WindowsProgramCall) -> None:
    """Read `at`: what stands behind the time and the switches is run then."""
    note_by_rows(call)
    rest = _behind_options(call, ())
    if rest and re.match(r"\d{1,2}:\d\d", rest[0]):
        text = " ".join(word for word in rest[1:] if not re.match(r"/(?:interactive|every|next)", word.lower()))
        if text:
            call.run("cmd", text)


def _schtasks(call: WindowsProgramCall) -> None:
    note_by_rows(call)
    task = behind(call.words, "/tr")
    if task:
        call.run("cmd", task)


def _forfiles(call: WindowsProgramCall) -> None:
    text = behind(call.words, "/c")
    call.run("cmd", re.sub(r"@(?:path|file|fname|relpath)", "*", text, flags=re.IGNORECASE)) if text else call.note(
        _K.READ, ""
    )


def _ssh(call: WindowsProgramCall) -> None:
    rest = _behind_options(call, ("/i", "/p", "/l", "/o", "/j", "/f", "/b", "/c", "/e", "/m"))
    if len(rest) > 1:
        call.run("bash", " ".join(rest[1:]))
    else:
        call.note(_K.REMOTE_CODE, (rest or ["?"])[0], _C.POSSIBLE)


def _wsl(call: WindowsProgramCall) -> None:
    lower = set(call.lower)
    if lower & {"--unregister"}:
        call.note(_K.DATA_LOSS, behind(call.words, "--unregister"))
    elif lower & {"--shutdown", "--terminate", "-t"}:
        call.note(_K.SERVICE_STOP, "wsl")
    elif lower & {"--list", "-l", "--status", "--version"}:
        call.note(_K.READ, "wsl")
    else:
        words = _behind_options(call, ("/d", "/u", "/-distribution", "/-user"))
        _hand_over(call, "bash", " ".join(words))


def _database(call: WindowsProgramCall) -> None:
    options = ("-q", "-Q", "-c", "-e", "--command", "--execute", "-cmd")
    dialect = {"osql": "tsql", "isql": "tsql"}.get(call.name, call.name)
    text = next((call.words[i + 1] for i, w in enumerate(call.words[:-1]) if w in options or w.lower() == "/q"), "")
    text = text or next((w.partition("=")[2] for w in call.words if w.startswith(("--command=", "--execute="))), "")
    text = text or next((w[2:] for w in call.words if w[:2] in ("-Q", "-q", "-e") and len(w) > 2), "")
    if not text and dialect.startswith("sqlite") and len(plain_words(call.words)) > 1:
        text = plain_words(call.words)[-1]
    if text in ("", "?"):
        call.notes.hide(f"{call.name} reads its statements from elsewhere.")
        return
    effects, opaque = sql_effects(text, dialect, 0)
    for effect in effects:
        call.note(effect.kind, effect.object, effect.certainty)
    for sentence in opaque:
        call.notes.hide(sentence)


FORMS: Mapping[str, Callable[[WindowsProgramCall], None]] = {
    "cmd": _shell, "command": _shell, "powershell": _powershell, "pwsh": _powershell, "psexec": _remote,
    "psexec64": _remote, "paexec": _remote, "winrs": _remote, "runas": _runas, "schtasks": _schtasks, "at": _at,
    "forfiles": _forfiles, "sqlcmd": _database, "osql": _database, "isql": _database, "psql": _database,
    "mysql": _database, "mariadb": _database, "sqlite3": _database, "ssh": _ssh, "wsl": _wsl, "bash": _wsl,
}  # fmt: skip
"""Program -> what notes a call of it."""
