"""Cmdlets for items: files, registry keys, certificates, and whatever else a drive of PowerShell shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.powershell.frame import CmdletCall
from opsterm.policy.win32.places import WindowsPlace, delete_path, place_of, read_path, write_path, write_registry

_K, _C = EffectKind, Certainty


def _paths(call: CmdletCall) -> list[str]:
    """Return the paths it is about: those of -Path, else the first value that no parameter takes."""
    piece = call.arguments.value("path", "literalpath", "pspath", "fullname", "filepath") or next(
        iter(call.arguments.positional), None
    )
    if piece is None:
        return call.objects()
    return ["?" if value.unknown and value.kind != "string" else value.text for value in piece.values]


def _remove(call: CmdletCall) -> None:
    tree = call.arguments.has("recurse")
    for path in _paths(call):
        known = path not in ("?", "")
        delete_path(path if known else "?", call.layer.notes, call.span, tree=tree or (not known and bool(call.before)))
        if not known and not tree and not call.before:
            call.note(_K.DATA_LOSS, path, _C.POSSIBLE)
        if path.lower().startswith("wsman:"):
            call.note(_K.LOCKOUT, path)
        if path.lower().startswith("function:") or path.lower().startswith("alias:"):
            call.note(_K.READ, path)


def _read(call: CmdletCall) -> None:
    for path in _paths(call):
        read_path(path, call.layer.notes, call.span) if path not in ("?", "") else call.note(_K.READ, path)
    if call.name == "get-childitem" and any(path.lower().startswith("env:") for path in _paths(call)):
        call.note(_K.READ, "env:")


def _note_redefined(path: str, call: CmdletCall) -> None:
    if path.lower().startswith(("function:", "alias:")):
        call.layer.notes.hide(f"It gives the name {path[:60]} another meaning.")


def _write(call: CmdletCall) -> None:
    appends = call.name == "add-content" or call.arguments.has("append")
    if call.name == "tee-object" and call.arguments.value("variable"):
        call.note(_K.READ, "")
        return
    for path in _paths(call):
        write_path(path, call.layer.notes, call.span, replaces=not appends)
        _note_redefined(path, call)


def _clear(call: CmdletCall) -> None:
    for path in _paths(call):
        call.note(_K.TRUNCATE, path)
        call.note(_K.DATA_LOSS, path, _C.LIKELY)
        write_path(path, call.layer.notes, call.span)


def _make(call: CmdletCall) -> None:
    for path in _paths(call):
        place = place_of(path)
        name = call.arguments.text("name")
        whole = f"{path}\\{name}" if name and call.arguments.value("path") else path
        write_path(whole, call.layer.notes, call.span, replaces=call.arguments.has("force", least=2))
        _note_redefined(whole, call)
        if place is WindowsPlace.REMOTING:
            call.note(_K.SECURITY_WEAKEN, path, _C.POSSIBLE)


def _copy(call: CmdletCall) -> None:
    sources = _paths(call)
    for path in sources:
        read_path(path, call.layer.notes, call.span)
    target = call.arguments.text("destination")
    if not target and len(call.arguments.positional) > (0 if call.arguments.value("path", "literalpath") else 1):
        target = call.arguments.positional[-1].text
    write_path(target or ".", call.layer.notes, call.span)
    if target.startswith("\\\\"):
        call.note(_K.EXFIL, target, _C.POSSIBLE)
    if call.name == "move-item":
        for path in sources:
            delete_path(path, call.layer.notes, call.span)


def _rename(call: CmdletCall) -> None:
    for path in _paths(call):
        write_path(path, call.layer.notes, call.span, replaces=False)
        if place_of(path) in (WindowsPlace.SYSTEM, WindowsPlace.BOOT, WindowsPlace.ACCESS):
            call.note(_K.DELETE, path, _C.LIKELY)


def _set_property(call: CmdletCall) -> None:
    name = call.arguments.text("name")
    positional = [piece.text for piece in call.arguments.positional]
    if not name and len(positional) > 1:
        name = positional[1]
    data = call.arguments.text("value") or (positional[-1] if len(positional) > 2 else "")
    deletes = call.name in ("remove-itemproperty", "clear-itemproperty")
    for path in _paths(call):
        if place_of(path) in (WindowsPlace.REGISTRY, WindowsPlace.UNKNOWN):
            write_registry(path, name or "?", data, call.layer.notes, call.span, deletes=deletes)
        else:
            call.note(_K.WRITE_CONFIG, path)
            call.note(_K.DELETE if deletes else _K.PERM, path, _C.CERTAIN if deletes else _C.POSSIBLE)


def _set_item(call: CmdletCall) -> None:
    for path in _paths(call):
        place = place_of(path)
        if place is WindowsPlace.REGISTRY:
            write_registry(path, "", call.arguments.text("value"), call.layer.notes, call.span)
        elif place is WindowsPlace.SESSION:
            call.note(_K.READ, path)
            _note_redefined(path, call)
        else:
            write_path(path, call.layer.notes, call.span)


def _archive(call: CmdletCall) -> None:
    target = call.arguments.text("destinationpath", "filepath", "path")
    for path in _paths(call):
        read_path(path, call.layer.notes, call.span)
    write_path(target or "?", call.layer.notes, call.span)


def _acl(call: CmdletCall) -> None:
    for path in _paths(call):
        call.note(_K.PERM, path)
        place = place_of(path)
        if place in (
            WindowsPlace.ROOT,
            WindowsPlace.SYSTEM,
            WindowsPlace.BOOT,
            WindowsPlace.ACCESS,
            WindowsPlace.REGISTRY,
        ):
            call.note(_K.LOCKOUT, path, _C.POSSIBLE if place is not WindowsPlace.ACCESS else _C.LIKELY)


FORMS: Mapping[str, Callable[[CmdletCall], None]] = {
    "remove-item": _remove, "get-content": _read, "get-item": _read, "get-childitem": _read, "get-itemproperty": _read,
    "get-itempropertyvalue": _read, "select-string": _read, "import-csv": _read, "import-clixml": _read,
    "get-acl": _read,
    "format-hex": _read, "get-filehash": _read,
    "set-content": _write, "add-content": _write, "out-file": _write, "export-csv": _write, "export-clixml": _write,
    "tee-object": _write, "start-transcript": _write, "clear-content": _clear, "clear-item": _clear, "new-item": _make,
    "copy-item": _copy, "move-item": _copy, "rename-item": _rename, "set-itemproperty": _set_property,
    "new-itemproperty": _set_property, "remove-itemproperty": _set_property, "clear-itemproperty": _set_property,
    "rename-itemproperty": _set_property, "copy-itemproperty": _set_property, "move-itemproperty": _set_property,
    "set-item": _set_item, "compress-archive": _archive, "expand-archive": _archive, "set-acl": _acl,
}  # fmt: skip
"""Cmdlet -> what notes it."""
