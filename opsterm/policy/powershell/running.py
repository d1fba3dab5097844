"""Cmdlets that run something else: texts, script blocks, programs, methods, code from the network."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.powershell.frame import CmdletCall
from opsterm.policy.powershell.member_rows import WRITING_TYPES
from opsterm.policy.powershell.tree import CommandPiece, Expression, PowerShellCommand
from opsterm.policy.win32.places import write_path
from opsterm.policy.win32.services import note_process, note_service

_K, _C = EffectKind, Certainty
_FETCHERS = ("irm", "iwr", "invoke-restmethod", "invoke-webrequest", "curl", "wget", "start-bitstransfer", "iwr.exe")


def fetches(text: str, before: Sequence[PowerShellCommand | Expression], source: str) -> bool:
    """Tell whether a text or what stands before it in the pipeline comes over the network.

    Args:
        text: the words themselves.
        before: the pipeline before them.
        source: the whole text that is read, for the places of `before`.
    """
    told = f"{text} {' '.join(source[e.start : e.end] for e in before)}".lower()
    return any(word in told for word in (*_FETCHERS, "download", "webclient", "webrequest", "httpclient", "xmlhttp"))


def _expression(call: CmdletCall) -> None:
    piece = call.arguments.value("command") or next(iter(call.arguments.positional), None)
    text = "" if piece is None or piece.unknown else piece.text
    if not text and call.before and isinstance(call.before[-1], Expression):
        text = call.before[-1].constant or ""
    if text:
        call.run("powershell", text)
        return
    shown = "".join(p.text for p in call.arguments.pieces)
    networked = fetches(shown, (call.command, *call.before), call.source)
    call.note(_K.REMOTE_CODE, "?", _C.CERTAIN if networked else _C.POSSIBLE)
    call.layer.notes.hide("Invoke-Expression runs a text that is known only when it runs.")


def _command(call: CmdletCall) -> None:
    block = call.arguments.value("scriptblock") or next(
        (p for p in call.arguments.positional if p.kind in ("block", "variable", "group")), None
    )
    if call.arguments.value("filepath") is not None:
        call.layer.notes.hide("It runs a script whose contents are not in this text.")
    elif block is None or block.kind != "block":
        call.layer.notes.hide("It runs a script block that is known only when it runs.")
    else:
        call.note(_K.READ, "")


def _start_process(call: CmdletCall) -> None:
    objects = call.objects()
    program = objects[0] if objects else "?"
    arguments = call.arguments.value("argumentlist", "args")
    if arguments is None and len(call.arguments.positional) > (0 if call.arguments.value("filepath", "path") else 1):
        arguments = call.arguments.positional[-1]
    values = arguments.values if arguments else ()
    call.note(_K.SERVICE_START, program, _C.POSSIBLE)
    if program in ("?", "") or any(value.unknown for value in values):
        call.layer.notes.hide("Start-Process starts a program whose name or words are known only when it runs.")
    if call.arguments.text("verb").lower() == "runas":
        call.note(_K.PRIVILEGE, program, _C.LIKELY)
    if program.lower().startswith(("http://", "https://", "ms-settings:")):
        call.note(_K.READ, program)
        return
    call.run("program", "\x00".join([program, *(_split(values) if values else ())]))


def _split(values: Sequence[CommandPiece]) -> list[str]:
    """Return the words of an argument list: Start-Process joins them with blanks, and the program parts them again."""
    words = " ".join(value.text for value in values).replace('"', " \x01 ").split(" ")
    quoted, out = False, [""]
    for word in words:
        if word == "\x01":
            quoted = not quoted
        elif quoted:
            out[-1] = f"{out[-1]} {word}".strip()
        elif word:
            out.append(word)
            continue
        if not quoted:
            out.append("")
    return [word for word in out if word]


def _job(call: CmdletCall) -> None:
    if call.arguments.value("filepath") is not None:
        call.layer.notes.hide("It runs a script whose contents are not in this text.")
    elif not any(p.kind == "block" for p in call.arguments.pieces):
        call.layer.notes.hide("It runs a script block that is known only when it runs.")
    else:
        call.note(_K.READ, "")


def _web(call: CmdletCall) -> None:
    arguments = call.arguments
    address = arguments.text("uri") or (arguments.positional[0].text if arguments.positional else "?")
    method = arguments.text("method").lower() or ("post" if arguments.value("body", "infile", "form") else "get")
    out = arguments.text("outfile") or (arguments.text("o") if call.name != "invoke-restmethod" else "")
    if out:
        write_path(out, call.layer.notes, call.span)
        call.note(_K.REMOTE_CODE, address, _C.POSSIBLE)
    if method not in ("get", "head", "options"):
        kind = _K.INFRA if method in ("delete", "put", "patch") else _K.EXFIL
        call.note(kind, address, _C.LIKELY)
        if method == "delete":
            call.note(_K.DELETE, address, _C.LIKELY)
    elif not out:
        call.note(_K.READ, address)


def _transfer(call: CmdletCall) -> None:
    target = call.arguments.text("destination")
    call.note(_K.REMOTE_CODE, call.arguments.text("source") or "?", _C.POSSIBLE)
    write_path(target or "?", call.layer.notes, call.span)
    if call.arguments.text("transfertype").lower().startswith("upload"):
        call.note(_K.EXFIL, target)


def _cim_method(call: CmdletCall) -> None:
    arguments = call.arguments
    words = [piece.text for piece in arguments.positional]
    kind = (arguments.text("classname", "class", "query", "path") or (words[0] if words else "?")).lower()
    method = (
        arguments.text("methodname", "name") or (words[1] if len(words) > 1 else (words[-1] if words else "?"))
    ).lower()
    if method == "create" and "process" in kind:
        call.note(_K.REMOTE_CODE, call.source[call.command.start : call.command.end][-120:], _C.CERTAIN)
        return
    deeds: Mapping[str, EffectKind] = {
        "terminate": _K.PROCESS_KILL, "stopservice": _K.SERVICE_STOP, "startservice": _K.SERVICE_START,
        "win32shutdown": _K.REBOOT, "reboot": _K.REBOOT, "shutdown": _K.REBOOT, "delete": _K.DELETE,
        "uninstall": _K.PACKAGE_REMOVE, "install": _K.PACKAGE_ADD, "cleareventlog": _K.LOG_LOSS, "format": _K.DATA_LOSS,
        "disable": _K.LOCKOUT, "releasedhcplease": _K.LOCKOUT, "enablestatic": _K.LOCKOUT,
        "setallowtsconnections": _K.LOCKOUT,
        "enabledhcp": _K.LOCKOUT, "setgateways": _K.LOCKOUT, "changestartmode": _K.SERVICE_ENABLE, "rename": _K.NETWORK,
        "joindomainorworkgroup": _K.LOCKOUT, "unjoindomainorworkgroup": _K.LOCKOUT, "renewdhcplease": _K.LOCKOUT,
        "change": _K.SERVICE_ENABLE, "revert": _K.DATA_LOSS, "create": _K.WRITE_CONFIG, "chkdsk": _K.DOS,
    }  # fmt: skip
    if method.startswith("get") or method in ("requeststatecheck", "querytype"):
        call.note(_K.READ, kind)
        return
    call.note(deeds.get(method, _K.WRITE_CONFIG), kind)
    if method not in deeds:
        call.layer.notes.hide(f"What the method {method[:60]} of {kind[:60]} does is not known.")
    if "networkadapter" in kind or "terminalservice" in kind:
        call.note(_K.LOCKOUT, kind, _C.LIKELY)


def _remove_instance(call: CmdletCall) -> None:
    words = call.source[call.command.start : call.command.end].lower()
    words += " ".join(call.source[e.start : e.end].lower() for e in call.before)
    call.note(_K.DELETE, "?")
    if "shadow" in words or not any(name in words for name in ("process", "session", "job")):
        call.note(_K.DATA_LOSS, "win32_shadowcopy" if "shadow" in words else "?", _C.LIKELY)
    if "process" in words:
        note_process("?", call.layer.notes, call.span)
    if "service" in words:
        note_service(_K.SERVICE_STOP, "?", call.layer.notes, call.span)
    if "__eventfilter" in words or "consumer" in words:
        call.note(_K.SCHEDULE, "?")


def _set_instance(call: CmdletCall) -> None:
    words = call.source[call.command.start : call.command.end].lower()
    words += " ".join(call.source[e.start : e.end].lower() for e in call.before)
    call.note(_K.WRITE_CONFIG, "?")
    if "networkadapter" in words or "terminalservice" in words or "useraccount" in words:
        call.note(_K.LOCKOUT, "?", _C.LIKELY)
    if "eventfilter" in words or "consumer" in words:
        call.note(_K.SCHEDULE, "?")


def _add_type(call: CmdletCall) -> None:
    if call.arguments.value("assemblyname", "assembly") and not call.arguments.value(
        "typedefinition", "path", "memberdefinition"
    ):
        call.note(_K.READ, call.arguments.text("assemblyname", "assembly"))
        return
    call.note(_K.REMOTE_CODE, "", _C.POSSIBLE)
    call.layer.notes.hide("It compiles code of another language, which this check does not follow.")


def _module(call: CmdletCall) -> None:
    names = call.objects()
    for name in names:
        if any(sign in name for sign in "\\/:?") or name.lower().endswith((".ps1", ".psm1", ".dll", ".psd1")):
            call.note(_K.REMOTE_CODE, name, _C.POSSIBLE)
            call.layer.notes.hide("It loads a module whose contents are not in this text.")
        else:
            call.note(_K.READ, name)


def _alias(call: CmdletCall) -> None:
    words = [piece.text for piece in call.arguments.positional]
    name = (call.arguments.text("name") or (words[0] if words else "")).lower()
    value = (call.arguments.text("value") or (words[-1] if words else "")).lower()
    call.names.aliases[name] = value
    call.note(_K.READ, name)


def _object(call: CmdletCall) -> None:
    name = (
        call.arguments.text("typename", "comobject") or next((p.text for p in call.arguments.positional), "?")
    ).lower()
    if WRITING_TYPES.search(name):
        others = [piece for piece in call.arguments.positional if piece.text.lower() != name]
        write_path(others[0].text if others and not others[0].unknown else "?", call.layer.notes, call.span)
    else:
        call.note(_K.READ, name)


def decoded(text: str) -> str | None:
    """Return the text behind -EncodedCommand (base64 of UTF-16), None where it is none."""
    try:
        raw = base64.b64decode(text.strip().strip("'\"") + "=" * (-len(text.strip().strip("'\"")) % 4), validate=True)
        return raw.decode("utf-16-le") or None
    except (binascii.Error, ValueError):
        return None


def _sql(call: CmdletCall) -> None:
    piece = call.arguments.value("query") or next(iter(call.arguments.positional), None)
    if piece is None or piece.unknown or call.arguments.value("inputfile"):
        call.layer.notes.hide("Its statements are known only when it runs.")
        return
    call.run("tsql", piece.text)


FORMS: Mapping[str, Callable[[CmdletCall], None]] = {
    "invoke-expression": _expression, "invoke-command": _command, "start-process": _start_process, "start-job": _job,
    "start-threadjob": _job, "invoke-webrequest": _web, "invoke-restmethod": _web, "start-bitstransfer": _transfer,
    "invoke-cimmethod": _cim_method, "invoke-wmimethod": _cim_method, "remove-wmiobject": _remove_instance,
    "remove-ciminstance": _remove_instance, "set-wmiinstance": _set_instance, "set-ciminstance": _set_instance,
    "new-ciminstance": _set_instance, "add-type": _add_type, "import-module": _module, "set-alias": _alias,
    "new-alias": _alias, "new-object": _object, "invoke-sqlcmd": _sql,
}  # fmt: skip
"""Cmdlet -> what notes it."""
