"""Commands that cmd.exe carries out itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.win32.places import WindowsPlace, delete_path, place_of, read_path, write_path
from opsterm.policy.win32.programs import WindowsProgramCall
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

HARMLESS = word_set(
    "echo cd chdir pushd popd set setlocal endlocal exit goto pause cls title color ver vol path prompt verify "
    "break shift rem dir help tree"
)
"""Those that only show, or change nothing but the shell itself."""


def _plain(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.startswith("/")]


def _switches(words: Sequence[str]) -> str:
    """Return all switches as one text, since they may be written together: `/s/q`."""
    return "".join(word.lower() for word in words if word.startswith("/"))


def _delete(call: WindowsProgramCall) -> None:
    switches = _switches(call.words)
    if "/?" in switches:
        call.note(_K.READ, "")
        return
    for path in _plain(call.words) or ["?"]:
        delete_path(path, call.notes, call.span, tree="/s" in switches)


def _remove_folder(call: WindowsProgramCall) -> None:
    switches = _switches(call.words)
    for path in _plain(call.words) or ["?"]:
        delete_path(path, call.notes, call.span, tree="/s" in switches)


def _copy(call: WindowsProgramCall) -> None:
    paths = _plain(call.words)
    for path in paths[:-1]:
        read_path(path, call.notes, call.span)
    target = paths[-1] if len(paths) > 1 else "."
    write_path(target, call.notes, call.span)
    if place_of(paths[0] if paths else "") is WindowsPlace.NOTHING:
        call.note(_K.TRUNCATE, target)
        call.note(_K.DATA_LOSS, target, _C.LIKELY)


def _move(call: WindowsProgramCall) -> None:
    _copy(call)
    for path in _plain(call.words)[:-1]:
        delete_path(path, call.notes, call.span)


def _rename(call: WindowsProgramCall) -> None:
    for path in _plain(call.words)[:1] or ["?"]:
        write_path(path, call.notes, call.span)


def _make(call: WindowsProgramCall) -> None:
    for path in _plain(call.words) or ["?"]:
        write_path(path, call.notes, call.span, replaces=False)


def _show(call: WindowsProgramCall) -> None:
    for path in _plain(call.words):
        read_path(path, call.notes, call.span)
    call.note(_K.READ, "")


def _clock(call: WindowsProgramCall) -> None:
    call.note(_K.WRITE_CONFIG if _plain(call.words) else _K.READ, call.name)


def _associate(call: WindowsProgramCall) -> None:
    changes = any("=" in word for word in call.words)
    call.note(_K.WRITE_CONFIG if changes else _K.READ, call.name)


BUILTINS: Mapping[str, Callable[[WindowsProgramCall], None]] = {
    "del": _delete, "erase": _delete, "rd": _remove_folder, "rmdir": _remove_folder, "copy": _copy, "move": _move,
    "ren": _rename, "rename": _rename, "md": _make, "mkdir": _make, "mklink": _make, "type": _show, "date": _clock,
    "time": _clock, "assoc": _associate, "ftype": _associate,
}  # fmt: skip
"""Name -> what notes it."""
