"""What it means to write, delete, read or open up a path: by what the path stands for."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind, Span
from opsterm.policy.shell.argument import UNKNOWN, Argument
from opsterm.policy.shell.notes import Notes, ShellFrame
from opsterm.policy.shell.places import (
    CUTS_US_OFF,
    SYSTEM,
    PathKind,
    is_disk,
    is_secret,
    place_of,
    resolved,
    takes_device,
    weakens_kernel,
)

_K, _C = EffectKind, Certainty

_WRITTEN: Mapping[PathKind, tuple[tuple[EffectKind, Certainty], ...]] = {
    PathKind.NOTHING: ((_K.READ, _C.CERTAIN),),
    PathKind.ROOT: ((_K.WRITE_FILE, _C.CERTAIN),),
    PathKind.SYSRQ: ((_K.REBOOT, _C.LIKELY), (_K.DOS, _C.LIKELY), (_K.LOCKOUT, _C.POSSIBLE)),
    PathKind.KERNEL: ((_K.KERNEL_PARAM, _C.CERTAIN),),
    PathKind.ACCOUNTS: ((_K.WRITE_CONFIG, _C.CERTAIN), (_K.USER, _C.CERTAIN), (_K.LOCKOUT, _C.LIKELY)),
    PathKind.LOGIN: ((_K.WRITE_CONFIG, _C.CERTAIN), (_K.LOCKOUT, _C.LIKELY)),
    PathKind.KEYS: ((_K.WRITE_CONFIG, _C.CERTAIN), (_K.PRIVILEGE, _C.CERTAIN), (_K.LOCKOUT, _C.LIKELY)),
    PathKind.NET: ((_K.WRITE_CONFIG, _C.CERTAIN), (_K.NETWORK, _C.LIKELY), (_K.LOCKOUT, _C.LIKELY)),
    PathKind.BOOT: ((_K.WRITE_CONFIG, _C.CERTAIN), (_K.BOOT, _C.LIKELY)),
    PathKind.SCHEDULE: ((_K.WRITE_CONFIG, _C.CERTAIN), (_K.SCHEDULE, _C.CERTAIN)),
    PathKind.CONFIG: ((_K.WRITE_CONFIG, _C.CERTAIN),),
    PathKind.LOG: ((_K.WRITE_FILE, _C.CERTAIN),),
    PathKind.HISTORY: ((_K.LOG_LOSS, _C.CERTAIN),),
}
_WRITTEN_ELSE = ((_K.WRITE_FILE, _C.CERTAIN),)


def path_of(argument: Argument, frame: ShellFrame) -> str:
    """Return the resolved path of a word, as written where a piece of it is not known."""
    path = resolved(argument.text, frame.scope.cwd)
    return argument.shown if UNKNOWN in path else path


def write(argument: Argument, notes: Notes, frame: ShellFrame, span: Span, *, replaces: bool) -> None:
    """Note that a file is written.

    Args:
        argument: the word that names it.
        notes: where effects go.
        frame: where the command stands.
        span: what shows it.
        replaces: whether what was in it is lost.
    """
    path = resolved(argument.text, frame.scope.cwd)
    place = place_of(path)
    shown = argument.shown if UNKNOWN in path else path
    if place is PathKind.DEVICE:
        notes.add(_K.DATA_LOSS if is_disk(path) else _K.WRITE_FILE, shown, _C.CERTAIN, span)
        return
    for kind, certainty in _WRITTEN.get(place, _WRITTEN_ELSE):
        notes.add(kind, shown, certainty, span)
    if place is PathKind.KERNEL and weakens_kernel(path):
        notes.add(_K.SECURITY_WEAKEN, shown, _C.CERTAIN, span)
    if path.startswith("/proc/sys/net/") or (place is PathKind.KERNEL and takes_device(path)):
        notes.add(_K.LOCKOUT, shown, _C.POSSIBLE, span)
    if place is PathKind.LOG and replaces:
        notes.add(_K.LOG_LOSS, shown, _C.CERTAIN, span)
    if replaces and place in (PathKind.STATE, PathKind.PROGRAMS):
        notes.add(_K.TRUNCATE, shown, _C.LIKELY, span)


def delete(argument: Argument, notes: Notes, frame: ShellFrame, span: Span, *, tree: bool) -> None:
    """Note that a path is deleted; with `tree` also what is below it. Arguments as in `write`."""
    path = resolved(argument.text, frame.scope.cwd)
    place = place_of(path)
    shown = argument.shown if UNKNOWN in path else path
    wide = tree or argument.glob
    if place is PathKind.NOTHING:
        place = PathKind.RELATIVE
    notes.add(_K.DELETE, shown, _C.CERTAIN, span)
    if place is PathKind.DEVICE:
        notes.add(_K.DATA_LOSS, shown, _C.LIKELY, span)
    if place in (PathKind.LOG, PathKind.HISTORY):
        notes.add(_K.LOG_LOSS, shown, _C.CERTAIN, span)
    if place in CUTS_US_OFF or (wide and place in (PathKind.ROOT, PathKind.TREE, PathKind.PROGRAMS, PathKind.CONFIG)):
        notes.add(_K.LOCKOUT, shown, _C.LIKELY, span)
    if place in (PathKind.BOOT, PathKind.PROGRAMS):
        notes.add(_K.BOOT, shown, _C.LIKELY, span)
    if wide and place in SYSTEM:
        notes.add(_K.DATA_LOSS, shown, _C.CERTAIN, span)
    elif _may_be_much(path, place, tree=tree, wide=wide) or (tree and path.rsplit("/", 1)[-1] in _KEPT_NOWHERE_ELSE):
        notes.add(_K.DATA_LOSS, shown, _C.LIKELY, span)


_KEPT_NOWHERE_ELSE = frozenset({".git", ".svn", ".hg", ".gnupg", ".ssh", ".kube", ".terraform.d"})
"""Folders that hold what may be kept nowhere else."""


def _may_be_much(path: str, place: PathKind, *, tree: bool, wide: bool) -> bool:
    """Return whether what is deleted may be more than was meant, or all of something that people keep."""
    if not wide:
        return False
    if place is PathKind.UNKNOWN or (UNKNOWN in path and place is not PathKind.TEMPORARY):
        return True
    if tree and place in (PathKind.STATE, PathKind.HOME):
        return True
    if tree and place is PathKind.RELATIVE and not _MADE_AGAIN.search(path):
        return True
    return path.startswith("../") or path in (".", "..", "./*", "*", ".*")


_MADE_AGAIN = re.compile(
    r"(?:^|/)(?:node_modules|build|dist|target|out|__pycache__|\.?venv|env|\.tox|\.pytest_cache|\.mypy_cache|\.cache|cache|tmp|temp|"
    r"coverage|htmlcov|[^/]*\.egg-info|vendor|\.gradle|\.next|\.terraform)/?\*?$"
)
"""Folders that a build or a tool makes again."""


def read(argument: Argument, notes: Notes, frame: ShellFrame, span: Span) -> None:
    """Note that the contents of a path are read. Arguments as in `write`."""
    path = resolved(argument.text, frame.scope.cwd)
    shown = argument.shown if UNKNOWN in path else path
    notes.add(_K.READ_SECRET if is_secret(path) else _K.READ, shown, _C.CERTAIN, span)
