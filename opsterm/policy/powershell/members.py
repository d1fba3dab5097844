"""Classes and methods of .NET and of management objects, as a PowerShell text calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.layer import Layer
from opsterm.policy.powershell.member_rows import (
    LOOKING_TYPES,
    MEMORY_MEMBERS,
    METHODS,
    READING_MEMBER,
    RUNNING,
    STATIC_WRITES,
    WRITING_TYPES,
)
from opsterm.policy.powershell.tree import MemberCall
from opsterm.policy.win32.places import delete_path, read_path, write_path, write_registry
from opsterm.policy.win32.services import note_process, note_service
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_SERVICE = re.compile(r"(?:get-service|gsv)\s+(?:-name\s+)?['\"]?([\w*]+)")
_DOWNLOADS = re.compile(
    r"download(?:string|data|stringtaskasync|dataasync)|getstringasync|getresponse(?:stream)?", re.IGNORECASE
)


def note_member(call: MemberCall, layer: Layer, source: str) -> None:
    """Note what using a member does. `source` is the text that made the object, "" where it is not known."""
    span = layer.place(call.start, call.end)
    member = call.member.lower()
    if member == "?":
        layer.notes.hide("The name of a method is known only when it runs.")
    elif call.type:
        _note_static(call, re.sub(r"^system\.", "", call.type.lower()), member, layer, span)
    elif call.arguments is None and member not in ("delete", "kill", "terminate"):
        layer.notes.add(_K.READ, call.member, span)
    else:
        _note_method(call, member, layer, span, source)


def _note_method(call: MemberCall, member: str, layer: Layer, span: tuple[int, int], source: str = "") -> None:
    notes, what = layer.notes, _short(call.receiver)
    receiver = f"{call.receiver} {source}".lower()
    if "amsi" in receiver or "nonpublic" in receiver:
        notes.add(_K.SECURITY_WEAKEN, what, span, _C.LIKELY)
    if member == "foreach" and (call.arguments or "?").lower() in METHODS:
        member = (call.arguments or "").lower()
    if member in METHODS:
        _note_known_method(member, what, receiver, layer, span)
    elif member == "clear" and "eventlog" in receiver:
        notes.add(_K.LOG_LOSS, what, span)
    elif member == "create" and re.search(r"process", receiver):
        layer.run("cmd", call.arguments or "", (call.start, call.end), via="Win32_Process")
        notes.add(_K.REMOTE_CODE, call.arguments or "?", span, _C.LIKELY)
    elif member in ("create", "psbase"):
        notes.add(_K.WRITE_FILE, what, span, _C.POSSIBLE)
    elif member in RUNNING:
        notes.add(_K.REMOTE_CODE, what, span, _C.POSSIBLE)
        notes.hide(f"The method {call.member} runs something that this check does not follow.")
    elif _DOWNLOADS.fullmatch(member) or member in MEMORY_MEMBERS or READING_MEMBER.match(member):
        notes.add(_K.READ, what, span)
    else:
        notes.hide(f"What the method {call.member[:60]} does is not known.")


def _note_known_method(member: str, what: str, receiver: str, layer: Layer, span: tuple[int, int]) -> None:
    notes, (kind, certainty) = layer.notes, METHODS[member]
    service = _SERVICE.search(receiver)
    if service and kind is _K.SERVICE_STOP:
        note_service(kind, service[1], notes, span)
    if kind is _K.PROCESS_KILL:
        note_process(what, notes, span)
    notes.add(kind, what, span, certainty)
    if member in ("disable", "enable") and re.search(r"adapter|nic", receiver):
        notes.add(_K.LOCKOUT, what, span, _C.LIKELY)
    if member == "delete":
        _note_delete(what, receiver, layer, span)
    if member.startswith("download"):
        notes.add(_K.WRITE_FILE, what, span)


def _note_delete(what: str, receiver: str, layer: Layer, span: tuple[int, int]) -> None:
    if re.search(r"shadow|win32_(?:volume|share|useraccount)|volume|\[adsi\]|ldap://", receiver):
        layer.notes.add(_K.DATA_LOSS, what, span, _C.CERTAIN if "shadow" in receiver else _C.LIKELY)
    elif "service" in receiver:
        layer.notes.add(_K.SERVICE_STOP, what, span, _C.LIKELY)
    elif re.search(r"get-childitem|gci|\bls\b|\bdir\b|-recurse|getfiles|getdirectories", receiver):
        layer.notes.add(_K.DATA_LOSS, what, span, _C.LIKELY)


def _note_static(call: MemberCall, name: str, member: str, layer: Layer, span: tuple[int, int]) -> None:
    notes, first = layer.notes, call.arguments or "?"
    if name in ("io.file", "io.directory") or name.endswith("fileio.filesystem"):
        _note_file(name, member, first, layer, span)
    elif name == "diagnostics.process" and member == "start":
        layer.run("cmd", first, (call.start, call.end), via="Process")
        notes.add(_K.REMOTE_CODE, first, span, _C.POSSIBLE)
    elif name.endswith(("win32.registry", "registrykey")):
        looks = member in ("getvalue", "openremotebasekey", "openbasekey", "localmachine", "currentuser", "users")
        notes.add(_K.READ, first, span) if looks else write_registry(first, "", "", notes, span)
    elif name.endswith("scriptblock") and member == "create":
        layer.run("powershell", first, (call.start, call.end), via="ScriptBlock")
    elif name.endswith("powershell"):
        notes.hide("It makes another PowerShell, whose commands this check does not follow.")
    elif member in _SECRET_MEMBERS:
        notes.add(_K.READ_SECRET, call.member, span, _C.LIKELY)
    elif "callback" in member:
        notes.add(_K.SECURITY_WEAKEN, call.member, span, _C.POSSIBLE)
    elif name == "environment" and member == "setenvironmentvariable":
        notes.add(_K.WRITE_CONFIG, first, span, _C.LIKELY)
    elif member == "new" and WRITING_TYPES.search(name):
        write_path(first, notes, span)
    elif call.arguments is None or member in ("zerofreebstr", "releasecomobject", "sizeof", "exit", "new"):
        notes.add(_K.READ, call.member, span)
    else:
        _note_class(call, name, member, layer, span)


_SECRET_MEMBERS = word_set("securestringtobstr ptrtostringauto ptrtostringbstr securestringtoglobalallocunicode")
_LOADERS = re.compile(r"reflection|assembly|marshal|activator|runspacefactory|codedom|delegate|unsafenative|appdomain")


def _note_class(call: MemberCall, name: str, member: str, layer: Layer, span: tuple[int, int]) -> None:
    if _LOADERS.search(name):
        layer.notes.add(_K.REMOTE_CODE, f"{call.type}::{call.member}", span, _C.LIKELY)
        layer.notes.hide(f"{call.type[:60]} loads or runs code that is not in this text.")
    elif written := next(
        (deed for form, deed in STATIC_WRITES.items() if re.fullmatch(form, f"{name}::{member}")), None
    ):
        layer.notes.add(written[0], call.arguments or "?", span, written[1])
    elif LOOKING_TYPES.fullmatch(name):
        layer.notes.add(_K.READ, call.member, span)
    elif member in METHODS or member in RUNNING:
        _note_method(call, member, layer, span)
    else:
        layer.notes.hide(f"What {call.type[:60]}::{call.member[:60]} does is not known.")


_FILE_WRITES: Sequence[str] = ("write", "append", "create", "open", "set", "encrypt", "decrypt")
_FILE_FACTS = ("exists", "getlast", "getcreation", "getattributes", "getparent", "getcurrent", "getfilesystem")
"""Beginnings of methods that tell of a file, and show nothing of what is in it."""


def _note_file(name: str, member: str, path: str, layer: Layer, span: tuple[int, int]) -> None:
    notes = layer.notes
    if member.startswith("delete"):
        delete_path(path, notes, span, tree="directory" in name or "directory" in member)
    elif member in ("move", "replace", "movefile", "movedirectory", "renamefile"):
        notes.add(_K.DELETE, path, span, _C.LIKELY)
        notes.add(_K.WRITE_FILE, path, span)
    elif member == "setaccesscontrol":
        notes.add(_K.PERM, path, span)
    elif member.startswith("copy"):
        read_path(path, notes, span)
        notes.add(_K.WRITE_FILE, path, span)
    elif member.startswith(_FILE_FACTS):
        notes.add(_K.READ, path, span)
    elif member.startswith(("openread", "opentext")) or not member.startswith(tuple(_FILE_WRITES)):
        read_path(path, notes, span)
    else:
        write_path(path, notes, span, replaces=not member.startswith("append"))


def _short(text: str) -> str:
    return text.strip()[-80:]
