"""Programs of Windows whose words mean more than a row of a table can say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.win32 import program_starters
from opsterm.policy.win32.places import delete_path, write_path, write_registry
from opsterm.policy.win32.programs import WindowsProgramCall, behind, note_by_rows, plain_words
from opsterm.policy.win32.services import note_membership, note_process, note_service
from opsterm.policy.win32.shared_programs import note_shared

_K, _C = EffectKind, Certainty


def note_program(call: WindowsProgramCall) -> bool:
    """Note what a call of a program does; tell whether the program is known."""
    form = _FORMS.get(call.name)
    if form:
        form(call)
        return True
    return note_shared(call) or note_by_rows(call)


def _sc(call: WindowsProgramCall) -> None:
    words = list(call.words[1:] if call.words[:1] and call.words[0].startswith("\\\\") else call.words)
    verb = words[0].lower() if words else ""
    name = words[1] if len(words) > 1 else "?"
    kinds = {
        "stop": _K.SERVICE_STOP, "delete": _K.DELETE, "start": _K.SERVICE_START, "pause": _K.SERVICE_STOP,
        "continue": _K.SERVICE_START, "create": _K.SERVICE_ENABLE, "config": _K.SERVICE_ENABLE,
    }  # fmt: skip
    if verb in kinds:
        note_service(kinds[verb], name, call.notes, call.span)
        if verb == "delete" or (verb == "config" and "disabled" in [w.lower() for w in words]):
            call.note(_K.SERVICE_STOP, name)
        program = next((w for w in words if w.lower().startswith("binpath=")), "")
        if verb in ("create", "config") and program:
            call.note(_K.REMOTE_CODE, name, _C.LIKELY)
            call.note(_K.PRIVILEGE, name, _C.LIKELY)
        return
    if verb in (
        "sdset",
        "failure",
        "failureflag",
        "privs",
        "sidtype",
        "triggerinfo",
        "description",
        "control",
        "managedaccount",
    ):
        note_service(_K.SERVICE_ENABLE, name, call.notes, call.span)
        if verb == "sdset":
            call.note(_K.PERM, name)
            call.note(_K.SECURITY_WEAKEN, name, _C.LIKELY)
        if verb == "failure":
            call.note(_K.REMOTE_CODE, name, _C.POSSIBLE)
        return
    note_by_rows(call)


def _net(call: WindowsProgramCall) -> None:
    verb = call.lower[0] if call.words else ""
    name = " ".join(call.words[1:]) if verb in ("stop", "start") else (plain_words(call.words[1:]) or ["?"])[0]
    if verb in ("stop", "start", "pause", "continue") and len(call.words) > 1:
        clean = re.sub(r"\s*/[yn]$", "", name, flags=re.IGNORECASE)
        stops = verb in ("stop", "pause")
        note_service(_K.SERVICE_STOP if stops else _K.SERVICE_START, clean, call.notes, call.span)
        return
    if verb in ("localgroup", "group") and set(call.lower) & {"/add", "/delete", "/del"}:
        group = call.words[1] if len(call.words) > 1 else "?"
        removes = bool(set(call.lower) & {"/delete", "/del"})
        note_membership(group, call.notes, call.span, removes=removes)
        return
    if verb in ("localgroup", "group", "user"):
        _net_user(call, verb)
        return
    note_by_rows(call)


def _net_user(call: WindowsProgramCall, verb: str) -> None:
    switches = {word for word in call.lower if word.startswith("/")} - {"/domain", "/dom"}
    plain = plain_words(call.words[1:])
    if verb == "user" and not switches and len(plain) > 1:
        call.note(_K.USER, plain[0])
        call.note(_K.LOCKOUT, plain[0], _C.LIKELY)
    elif switches:
        if any(word.startswith(("/expires", "/times", "/workstations", "/passwordchg")) for word in switches):
            call.note(_K.LOCKOUT, (plain or ["?"])[0], _C.LIKELY)
        note_by_rows(call) if verb == "user" and _net_user_known(call) else call.note(_K.USER, (plain or ["?"])[0])
    else:
        call.note(_K.READ, (plain or [""])[0])


def _net_user_known(call: WindowsProgramCall) -> bool:
    return bool({"/delete", "/del", "/active:no", "/add"} & set(call.lower))


def _reg(call: WindowsProgramCall) -> None:
    verb = call.lower[0] if call.words else ""
    key = call.words[1] if len(call.words) > 1 else "?"
    if verb not in ("add", "delete"):
        note_by_rows(call)
        if verb in ("save", "export") and re.search(r"\\(?:sam|security|system)$", key, re.IGNORECASE):
            call.note(_K.READ_SECRET, key)
        if verb == "query" and re.search(r"\\(?:sam|security)(?:\\|$)|winlogon", key, re.IGNORECASE):
            call.note(_K.READ_SECRET, key, _C.POSSIBLE)
        return
    name = behind(call.words, "/v")
    if verb == "delete":
        write_registry(key, name, "", call.notes, call.span, deletes=True, tree="/ve" not in call.lower)
    else:
        write_registry(key, name, behind(call.words, "/d"), call.notes, call.span)


def _taskkill(call: WindowsProgramCall) -> None:
    names = [
        call.words[i + 1] for i, w in enumerate(call.lower[:-1]) if w in ("/im", "-im", "/pid", "-pid", "/fi", "-fi")
    ]
    for name in names or ["?"]:
        note_process(name, call.notes, call.span)


def _robocopy(call: WindowsProgramCall) -> None:
    plain = plain_words(call.words)
    target = plain[1] if len(plain) > 1 else "?"
    switches = set(call.lower)
    if "/l" in switches or "/?" in switches:
        call.note(_K.READ, target)
        return
    write_path(target, call.notes, call.span)
    if switches & {"/mir", "/purge"}:
        call.note(_K.DELETE, target)
        call.note(_K.DATA_LOSS, target, _C.LIKELY)
    if switches & {"/move", "/mov"}:
        call.note(_K.DELETE, plain[0] if plain else "?")
        call.note(_K.DATA_LOSS, plain[0] if plain else "?", _C.POSSIBLE)


def _xcopy(call: WindowsProgramCall) -> None:
    plain = plain_words(call.words)
    if "/l" in call.lower:
        call.note(_K.READ, plain[0] if plain else "?")
    else:
        write_path(plain[1] if len(plain) > 1 else ".", call.notes, call.span)


_WMIC_FORMATS = frozenset({"list", "csv", "table", "xml", "value", "htable", "hform", "hxml", "mof", "rawxml",
                           "textvaluelist", "texttable", "texttablewsys"})  # fmt: skip
"""Formats that stand beside wmic; any other one names a style sheet, which can hold a script."""


def _wmic(call: WindowsProgramCall) -> None:
    words = list(call.lower)
    plain = [word for word in words if not word.startswith(("/", "-"))]
    alias = next((word for word in plain if word != "path"), "")
    if "delete" in words:
        kinds = {
            "shadowcopy": _K.DATA_LOSS,
            "process": _K.PROCESS_KILL,
            "service": _K.DELETE,
            "product": _K.PACKAGE_REMOVE,
        }
        call.note(kinds.get(alias, _K.DATA_LOSS), alias)
        call.note(_K.DELETE, alias)
    elif "call" in words:
        _wmic_call(call, alias, words[words.index("call") + 1] if words[-1] != "call" else "")
    elif words[-1:] in (["reboot"], ["shutdown"]) or "win32shutdown" in words:
        call.note(_K.REBOOT, alias)
    elif "create" in words or "set" in words:
        call.note(_K.WRITE_CONFIG, alias)
        if alias in ("useraccount", "rdtoggle", "nicconfig", "nic", "path"):
            call.note(_K.LOCKOUT, alias, _C.POSSIBLE)
    elif any(w.startswith("/format:") and w[8:].strip("'\"") not in _WMIC_FORMATS for w in words):
        call.note(_K.REMOTE_CODE, alias)
    elif any(w in ("/output:clipboard", "/output:stdout") for w in words):
        call.note(_K.READ, alias)
    elif any(w.startswith("/output:") or w.startswith("/append:") for w in words):
        call.note(_K.WRITE_FILE, alias)
    else:
        call.note(_K.READ, alias)


_WMIC_CALLS: Mapping[str, EffectKind] = {
    "terminate": _K.PROCESS_KILL, "stopservice": _K.SERVICE_STOP, "startservice": _K.SERVICE_START,
    "uninstall": _K.PACKAGE_REMOVE, "install": _K.PACKAGE_ADD, "reboot": _K.REBOOT, "shutdown": _K.REBOOT,
    "win32shutdown": _K.REBOOT, "cleareventlog": _K.LOG_LOSS, "format": _K.DATA_LOSS, "delete": _K.DELETE,
    "changestartmode": _K.SERVICE_ENABLE, "pauseservice": _K.SERVICE_STOP, "disable": _K.NETWORK, "rename": _K.USER,
    "setallowtsconnections": _K.WRITE_CONFIG, "releasedhcplease": _K.LOCKOUT, "enablestatic": _K.LOCKOUT,
    "cleareventlog_": _K.LOG_LOSS, "takeownership": _K.OWNER, "deleteex": _K.DELETE,
}  # fmt: skip


def _wmic_call(call: WindowsProgramCall, alias: str, method: str) -> None:
    if method == "create" and alias == "process":
        call.note(_K.REMOTE_CODE, " ".join(call.words[list(call.lower).index("create") + 1 :]))
        return
    where = next((w for w in call.words if "name" in w.lower() and ("=" in w or " like " in w.lower())), "")
    named = re.search(r"name\s*(?:=|like)\s*['\"\\]*([\w.%-]+)", where, re.IGNORECASE)
    before = [word for word in call.words[: list(call.lower).index("call")] if not word.startswith(("/", "-"))]
    name = named[1] if named else before[-1] if before and before[-1].lower() != "path" else alias
    kind = _WMIC_CALLS.get(method, _K.WRITE_CONFIG)
    if kind is _K.PROCESS_KILL:
        note_process(name, call.notes, call.span)
    elif kind in (_K.SERVICE_STOP, _K.SERVICE_START, _K.SERVICE_ENABLE) or (alias == "service" and kind is _K.DELETE):
        note_service(kind, name, call.notes, call.span)
    else:
        call.note(kind, name)
    if alias in ("nic", "nicconfig", "rdtoggle") or "networkadapter" in alias or "terminalservice" in alias:
        call.note(_K.LOCKOUT, alias, _C.LIKELY)


def _curl(call: WindowsProgramCall) -> None:
    """Note what curl writes and sends; its options differ by the case of their letter."""
    sends = any(re.match(r"-[a-zA-Z]*[FTd]|--(?:form|upload-file|data|json|request)\b", word) for word in call.words)
    asks = any(re.match(r"-X|--request", word) for word in call.words)
    keeps = any(re.match(r"-[a-zA-Z]*[oO]|--(?:output|remote-name)\b", word) for word in call.words)
    if sends or asks:
        call.note(_K.EXFIL, " ".join(call.words)[:80], _C.LIKELY if "@" in " ".join(call.words) else _C.POSSIBLE)
    if keeps:
        call.note(_K.WRITE_FILE, "")
        call.note(_K.REMOTE_CODE, "", _C.POSSIBLE)
    if not (sends or asks or keeps):
        call.note(_K.READ, call.name)


def _attrib(call: WindowsProgramCall) -> None:
    changes = any(re.fullmatch(r"[+-][rashioxpu]", word) for word in call.lower)
    call.note(_K.PERM if changes else _K.READ, (plain_words(call.words) or [""])[0])


def _regedit(call: WindowsProgramCall) -> None:
    if set(call.lower) & {"/e", "-e", "/export"}:
        call.note(_K.WRITE_FILE, (plain_words(call.words) or [""])[0])
    elif plain_words(call.words):
        call.note(_K.WRITE_CONFIG, plain_words(call.words)[0])
        call.notes.hide("It puts a file of registry keys in, whose contents are not in this text.")
    else:
        call.note(_K.READ, "")


def _rundll32(call: WindowsProgramCall) -> None:
    text = " ".join(call.lower)
    if "minidump" in text or "#24" in text:
        call.note(_K.READ_SECRET, "lsass", _C.LIKELY)
    if "exitwindows" in text or "setsuspendstate" in text or "lockworkstation" in text:
        call.note(_K.REBOOT if "exit" in text else _K.SERVICE_STOP, "")
    else:
        call.note(_K.REMOTE_CODE, call.words[0] if call.words else "?", _C.LIKELY)


def _certain_deletion(call: WindowsProgramCall) -> None:
    for word in plain_words(call.words) or ["?"]:
        delete_path(word, call.notes, call.span, tree=bool(set(call.lower) & {"-r", "-s", "/s"}))
        call.note(_K.DATA_LOSS, word)


_FORMS: Mapping[str, Callable[[WindowsProgramCall], None]] = {
    **program_starters.FORMS, "sc": _sc, "net": _net, "net1": _net, "reg": _reg, "taskkill": _taskkill,
    "tskill": _taskkill, "robocopy": _robocopy, "xcopy": _xcopy, "wmic": _wmic, "curl": _curl, "attrib": _attrib,
    "regedit": _regedit, "regedt32": _regedit, "rundll32": _rundll32, "sdelete": _certain_deletion,
    "sdelete64": _certain_deletion,
}  # fmt: skip
"""Program -> what notes a call of it. The others are in the table of rows."""
