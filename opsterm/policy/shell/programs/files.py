"""Programs that make, move, remove and open up files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import UNKNOWN, Argument, plain
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import CUTS_US_OFF, SYSTEM, PathKind, is_secret, place_of, resolved
from opsterm.policy.shell.programs.calling import Deed, asks_for_help, fixed
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty


def _write(call: ProgramCall, word: Argument, *, replaces: bool = True) -> None:
    deeds.write(word, call.notes, call.frame, call.span, replaces=replaces)


def _write_into(call: ProgramCall, sources: Sequence[Argument], folder: Argument) -> None:
    """Note what is written where files are put into a folder: below their names, and not all that is in it.

    That a file of that name is there already is taken for likely among programs only.
    """
    for word in sources:
        name = word.text.rstrip("/").rsplit("/", 1)[-1]
        there = plain(f"{folder.shown.rstrip('/')}/{name}", word.span) if name not in ("", ".", "..") else folder
        known = folder.known and UNKNOWN not in name and there is not folder
        if known:
            _write(call, there, replaces=_place(call, there) is PathKind.PROGRAMS)
        if not known or _place(call, there) is not _place(call, folder):
            _write(call, folder, replaces=False)


def _is_folder(destination: Argument, sources: Sequence[Argument]) -> bool:
    """Return whether cp and mv take a destination for a folder, as far as their words tell."""
    return len(sources) > 1 or destination.text in (".", "..") or destination.text.endswith(("/", "/.", "/.."))


def _place(call: ProgramCall, word: Argument) -> PathKind:
    return place_of(resolved(word.text, call.frame.scope.cwd))


def _rm(call: ProgramCall) -> None:
    """Note what rm removes."""
    call.take((), long=("--recursive", "--force", "--no-preserve-root", "--one-file-system", "--preserve-root", "--dir", "--verbose",
                        "--interactive"))  # fmt: skip
    if asks_for_help(call) and not call.words:
        call.add(_K.READ)
        return
    tree = call.has("-r", "-R", "--recursive")
    for word in call.words:
        deeds.delete(word, call.notes, call.frame, call.span, tree=tree)
    if not call.words:
        call.add(_K.DELETE)


def _rmdir(call: ProgramCall) -> None:
    """Note what rmdir removes: folders without anything in them."""
    call.take(())
    for word in call.words:
        call.add(_K.DELETE, word, _C.POSSIBLE)
        if _place(call, word) in CUTS_US_OFF:
            call.add(_K.LOCKOUT, word, _C.POSSIBLE)


def _shred(call: ProgramCall) -> None:
    """Note what shred overwrites."""
    call.take(word_set("-n -s --iterations --size --random-source"))
    for word in call.words:
        call.add(_K.DATA_LOSS, deeds.path_of(word, call.frame))
        deeds.delete(word, call.notes, call.frame, call.span, tree=False)


def _cp(call: ProgramCall) -> None:
    """Note what cp and install write; copying nothing over a file empties it."""
    call.take(
        word_set("-t -S -m -o -g --target-directory --suffix --mode --owner --group"), long=("--target-directory",)
    )
    target = call.value("-t", "--target-directory")
    words = call.words
    if asks_for_help(call) or not words:
        call.add(_K.READ)
        return
    if target is None and call.name == "install" and call.has("-d"):
        for word in words:
            _write(call, word, replaces=False)
        return
    destination, sources = (target, words) if target is not None else (words[-1], words[:-1])
    for word in sources:
        path = resolved(word.text, call.frame.scope.cwd)
        if is_secret(path):
            call.add(_K.READ_SECRET, word)
        if word.text in ("/dev/null", "/dev/zero"):
            call.add(_K.TRUNCATE, destination)
    if target is not None or _is_folder(destination, sources):
        _write_into(call, sources, destination)
    else:
        _write(call, destination)
    mode = call.value("-m", "--mode")
    if mode is not None and _is_weak(mode.text):
        call.add(_K.SECURITY_WEAKEN, destination)


def _mv(call: ProgramCall) -> None:
    """Note what mv takes away and what it replaces."""
    call.take(word_set("-t -S --target-directory --suffix"), long=("--target-directory",))
    target = call.value("-t", "--target-directory")
    words = call.words
    if asks_for_help(call) or not words:
        call.add(_K.READ)
        return
    destination, sources = (target, words) if target is not None else (words[-1], words[:-1])
    for word in sources:
        place = _place(call, word)
        lost = destination.text == "/dev/null"
        if (
            lost
            or place in (PathKind.ROOT, PathKind.TREE, PathKind.PROGRAMS, PathKind.UNKNOWN)
            or (word.glob and place in SYSTEM)
        ):
            call.add(_K.DATA_LOSS, word, _C.CERTAIN if lost else _C.LIKELY)
        elif place is PathKind.LOG:
            call.add(_K.LOG_LOSS, word, _C.POSSIBLE)
        elif place in (PathKind.BOOT, PathKind.CONFIG, PathKind.SCHEDULE, *CUTS_US_OFF):
            call.add(_K.WRITE_CONFIG, word)
        else:
            call.add(_K.WRITE_FILE, word)
        if place in CUTS_US_OFF or place in (PathKind.ROOT, PathKind.TREE, PathKind.PROGRAMS):
            call.add(_K.LOCKOUT, word, _C.LIKELY)
        if place is PathKind.BOOT:
            call.add(_K.BOOT, word, _C.LIKELY)
    if target is not None or _is_folder(destination, sources):
        _write_into(call, sources, destination)
    else:
        _write(call, destination)


def _ln(call: ProgramCall) -> None:
    """Note what ln makes; with -f it replaces."""
    call.take(word_set("-t -S --target-directory --suffix"))
    words = call.words
    for word in words[-1:] if len(words) > 1 else words:
        _write(call, word, replaces=call.has("-f", "--force"))
    if len(words) > 1 and words[0].text == "/dev/null":
        call.add(_K.LOG_LOSS if place_of(words[-1].text) is PathKind.HISTORY else _K.TRUNCATE, words[-1])


def _makes(call: ProgramCall) -> None:
    """Note files and folders that are made."""
    call.take(
        word_set("-m -d -r -t -Z --mode --date --reference --suffix --tmpdir")
        if call.name != "mkdir"
        else word_set("-m --mode")
    )
    for word in call.words:
        _write(call, word, replaces=False)
    if not call.words:
        tells = asks_for_help(call) or (call.name == "mktemp" and call.has("-u", "--dry-run"))
        call.add(_K.READ if tells else _K.WRITE_FILE, "/tmp/?" if call.name == "mktemp" else "")  # noqa: S108 (a place on targets)
    mode = call.value("-m", "--mode")
    if mode is not None and _is_weak(mode.text):
        call.add(_K.SECURITY_WEAKEN, call.words[0] if call.words else "")


def _tee(call: ProgramCall) -> None:
    """Note what tee writes."""
    call.take((), long=("--append",))
    for word in call.words:
        _write(call, word, replaces=not call.has("-a", "--append"))
    call.add(_K.READ)


def _truncate(call: ProgramCall) -> None:
    """Note what truncate and fallocate do to a file."""
    call.take(word_set("-s -r -l -o --size --reference --length --offset"), long=("--size",))
    size = call.value("-s", "--size", "-l", "--length")
    for word in call.words:
        _write(call, word, replaces=True)
        if size is None or not size.text.startswith("+"):
            call.add(_K.TRUNCATE, deeds.path_of(word, call.frame))
        if (
            size is not None
            and re.fullmatch(r"\+?\d+(?:[GTP]i?B?|\d{9,})", size.text)
            and _place(call, word) is not PathKind.DEVICE
        ):
            call.add(_K.DOS, word, _C.LIKELY)
            call.add(_K.LOCKOUT, word, _C.POSSIBLE)


def _dd(call: ProgramCall) -> None:
    """Note what dd reads and overwrites."""
    given: dict[str, Argument] = {}
    for word in call.arguments:
        name, equals, value = word.text.partition("=")
        if equals:
            given[name] = word.part(value)
    source, target = given.get("if"), given.get("of")
    if target is not None:
        path = resolved(target.text, call.frame.scope.cwd)
        endless = source is not None and source.text in ("/dev/zero", "/dev/urandom", "/dev/random")
        if path.startswith("/dev/") and UNKNOWN in path:
            call.add(_K.DATA_LOSS, target)
        elif UNKNOWN in path:
            call.add(_K.DATA_LOSS, target, _C.LIKELY)
        _write(call, target)
        if endless and place_of(path) not in (PathKind.NOTHING, PathKind.DEVICE):
            certainty = _C.POSSIBLE if "count" in given else _C.LIKELY
            call.add(_K.DOS, target, certainty)
            if certainty is _C.LIKELY:
                call.add(_K.LOCKOUT, target, _C.POSSIBLE)
    elif source is not None and is_secret(source.text):
        call.add(_K.READ_SECRET, source)
    else:
        call.add(_K.READ)


_WEAK_WORD = re.compile(r"(?:^|,)(?:[ugoa]*[ao][ugoa]*)?[+=][rwxXst]*w|(?:^|,)[ugoa]*[+=][rwxX]*s")


def _is_weak(mode: str) -> bool:
    """Return whether a mode lets everybody write, or makes a program run as its owner."""
    if re.fullmatch(r"0*[0-7]{3,4}", mode):
        return int(mode[-1]) & 2 != 0 or (len(mode.lstrip("0")) == 4 and int(mode.lstrip("0")[0]) & 6 != 0)
    if re.match(r"(?:u|g|ug)[+=][rwx]*w", mode):
        return False
    return _WEAK_WORD.search(mode) is not None


def _wide_open(call: ProgramCall, words: list[Argument], kind: EffectKind, *, tree: bool) -> None:
    """Note a change of rights or owner of each word, and what it means at that place."""
    for word in words:
        path = resolved(word.text, call.frame.scope.cwd)
        place = place_of(path)
        call.add(kind, deeds.path_of(word, call.frame))
        if tree and (
            (place in SYSTEM and place is not PathKind.LOG and place is not PathKind.CONFIG) or UNKNOWN in path[:2]
        ):
            call.add(_K.LOCKOUT, word, _C.LIKELY)
            call.add(_K.SECURITY_WEAKEN, word, _C.LIKELY)
        elif tree and place is PathKind.CONFIG:
            call.add(_K.SECURITY_WEAKEN, word, _C.LIKELY)
            call.add(_K.LOCKOUT, word, _C.POSSIBLE)
        elif place in CUTS_US_OFF or place is PathKind.ROOT:
            call.add(_K.LOCKOUT, word, _C.POSSIBLE)
        elif place in (PathKind.PROGRAMS, PathKind.BOOT, PathKind.DEVICE):
            call.add(_K.SECURITY_WEAKEN, word, _C.POSSIBLE)


def _chmod(call: ProgramCall) -> None:
    """Note what chmod opens or closes."""
    mode, words, tree = "", [], False
    for word in call.arguments:
        text = word.text
        if text.startswith("--reference"):
            mode = "="
        elif re.fullmatch(r"--?recursive|-[cfv]*R[cfvR]*", text):
            tree = True
        elif text in ("--help", "--version"):
            call.add(_K.READ)
            return
        elif re.fullmatch(r"-[cfv]+|--[a-z-]+", text) and text != "--":
            continue
        elif not mode:
            mode = text
        elif text != "--":
            words.append(word)
    _wide_open(call, words, _K.PERM, tree=tree)
    _opens(call, words, mode)
    shuts = re.fullmatch(r"0{1,4}|[augo]*-[rwx]*[rx][rwx]*", mode)
    if shuts and any(_place(call, word) in SYSTEM for word in words):
        for word in words:
            call.add(_K.SERVICE_STOP, word, _C.LIKELY)
            call.add(_K.LOCKOUT, word, _C.POSSIBLE)


def _opens(call: ProgramCall, words: list[Argument], mode: str) -> None:
    """Note what a weak mode opens; sshd takes no keys out of a home that others may write to (StrictModes)."""
    if not _is_weak(mode) and UNKNOWN not in mode:
        return
    for word in words:
        path = deeds.path_of(word, call.frame)
        call.add(_K.SECURITY_WEAKEN, path)
        if re.fullmatch(r"~[\w-]*|/root|/home/[^/]+", path):
            call.add(_K.LOCKOUT, word, _C.POSSIBLE)


def _chown(call: ProgramCall) -> None:
    """Note who gets files."""
    call.take(word_set("--from --reference"), long=("--recursive", "--from", "--reference"))
    words = call.words if call.has("--reference") else call.words[1:]
    if call.has("--help", "--version"):
        call.add(_K.READ)
        return
    _wide_open(call, words, _K.OWNER, tree=call.has("-R", "--recursive"))


def _setfacl(call: ProgramCall) -> None:
    """Note who is given rights by an access list."""
    call.take(word_set("-m -M -x -X --modify --remove --set --restore"), long=("--test",))
    words = call.words
    if call.has("--test", "--help"):
        call.add(_K.READ)
        return
    _wide_open(call, words, _K.PERM, tree=call.has("-R", "--recursive"))
    rule = call.value("-m", "--modify", "--set")
    if call.has("-b", "--remove-all", "-k", "--restore") or (
        rule is not None and re.search(r"(?:^|,|:)o(?:ther)?s?::?[r-]?w", rule.text)
    ):
        call.add(_K.SECURITY_WEAKEN, words[0] if words else "")


def _chattr(call: ProgramCall) -> None:
    """Note attributes that are set: -i takes the protection away from a file."""
    words = [word for word in call.arguments if not re.match(r"[-+=][A-Za-z]+$", word.text)]
    modes = [word.text for word in call.arguments if re.match(r"[-+=][A-Za-z]+$", word.text)]
    for word in words:
        call.add(_K.PERM, deeds.path_of(word, call.frame))
        if any(mode[0] in "-=" and set(mode) & set("ia") for mode in modes if mode not in ("-R", "-V", "-f")):
            call.add(_K.SECURITY_WEAKEN, word)
        elif _place(call, word) in SYSTEM:
            call.add(_K.LOCKOUT, word, _C.POSSIBLE)


def _wipes(call: ProgramCall) -> None:
    """Note what is wiped for good."""
    call.take(())
    for word in call.words or call.arguments:
        call.add(_K.DATA_LOSS, word)


PROGRAMS: Mapping[str, Deed] = {
    "rm": _rm, "unlink": _rm, "rmdir": _rmdir, "shred": _shred, "srm": _wipes, "wipe": _wipes, "trash": _rm, "trash-put": _rm,
    "cp": _cp, "install": _cp, "mv": _mv, "ln": _ln, "link": _ln, "mkdir": _makes, "touch": _makes, "mktemp": _makes,
    "mkfifo": _makes, "mknod": _makes, "tee": _tee, "sponge": _tee, "truncate": _truncate, "fallocate": _truncate, "dd": _dd,
    "dcfldd": _dd, "chmod": _chmod, "chown": _chown, "chgrp": _chown, "setfacl": _setfacl, "chattr": _chattr, "chcon": _chown,
    "rename": _mv, "setcap": fixed("perm+privilege"), "setfattr": fixed("perm", "-n -v -x --name --value"),
}  # fmt: skip
