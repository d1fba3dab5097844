"""Ways back from what writes, moves and deletes files."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import ASIDE, Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]


def _all(takes: str = "") -> Ways:
    """Return the way back from a program that acts on each file it names."""

    def ways(call: KnownCall) -> Iterator[Thing | Gap]:
        for word in call.others(takes):
            yield call.files(word)

    return ways


def _made(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep what is made, but for the folder of what is moved aside: moving that back removes it."""
    yield from (call.files(word) for word in call.others("-m --mode") if not ASIDE.fullmatch(posixpath.basename(word)))


def _moves(call: KnownCall) -> Iterator[Thing | Gap]:
    """Move back what is moved aside; keep what is moved anywhere else."""
    *sources, target = call.others() or [""]
    if not sources or not ASIDE.fullmatch(posixpath.basename(target.rstrip("/"))):
        yield from _copies(call)
        return
    yield from (call.aside(source, target) for source in sources)


def _rights(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep rights; the first word says what they become, unless an option does."""
    named = call.others()
    for word in named if call.value("--reference", "--restore") else named[1:]:
        yield call.rights(word)


def _setfacl(call: KnownCall) -> Iterator[Thing | Gap]:
    for word in call.others("-m -x -M -X --modify --remove --set --restore"):
        yield call.rights(word)


def _sed(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep what is edited in place, and the copy that a suffix makes."""
    backup = next((word[2:] for word in call.words if word.startswith("-i") and len(word) > 2), "")
    backup = backup or call.value("--in-place")
    scripted = call.has("-e", "-f", "--expression", "--file")
    named = call.others("-e -f --expression --file -l")
    for word in named if scripted else named[1:]:
        yield call.files(word)
        if backup:
            yield call.files(word + backup if "*" not in backup else backup.replace("*", word))


def _copies(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the place that is written: it is the new file itself, or the folder that the sources go to."""
    takes = "-t --target-directory -S --suffix -m --mode -o --owner -g --group"
    folder, sources = call.value("-t", "--target-directory"), call.others(takes)
    if call.name == "install" and call.has("-d", "--directory"):
        yield from (call.files(word) for word in sources)
        return
    if not folder:
        if len(sources) < 2:
            raise NotKnown("where it goes is not said")
        *sources, target = sources
        single = len(sources) == 1 and not target.endswith("/")
        if single and call.has("-T", "--no-target-directory", "-n"):
            yield call.files(target)
        elif single:
            yield call.either(sources[0], target)
        else:
            folder = target
    for source in sources if folder else ():
        yield call.into(source, folder)
    if call.name == "mv":
        yield from (call.files(source) for source in sources)


def _link(call: KnownCall) -> Iterator[Thing | Gap]:
    named = call.others("-t --target-directory -S --suffix")
    if call.value("-t", "--target-directory"):
        yield from (call.into(word, call.value("-t", "--target-directory")) for word in named)
    elif len(named) == 2:
        yield call.files(named[1])
    else:
        raise NotKnown("where the link goes depends on the folder")


def _find(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep all that is below the folders that are searched."""
    starts = []
    for word in call.words[1:]:
        if word.startswith("-") or word in ("!", "("):
            break
        starts.append(word)
    for word in starts or ["."]:
        yield call.files(word)


def _dd(call: KnownCall) -> Iterator[Thing | Gap]:
    yield call.files(next((word[3:] for word in call.words if word.startswith("of=")), ""))


def _unpacks(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the folder that is unpacked into, when it is named."""
    folder = call.value("-C", "--directory", "-d") or call.folder
    if not folder:
        raise NotKnown("which files it writes stands in the archive")
    yield call.files(folder)


def _labels(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep files for the sake of their label; the first word is that label unless options say it."""
    said = call.has("-u", "-r", "-t", "-l", "--user", "--role", "--type", "--range", "--reference")
    named = call.others("-u -t -l --user --role --type --range --reference" + ("" if "-r" not in call.words else " -r"))
    for word in named if said or call.name == "restorecon" else named[1:]:
        yield call.files(word)


def _attributes(call: KnownCall) -> Iterator[Thing | Gap]:
    yield from (call.files(word) for word in call.others("-n -v -x --name --value --remove"))


def _git(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the work tree and what git keeps beside it, where the folder is said."""
    words = call.others("-C -c --git-dir --work-tree")
    if call.has("--git-dir", "--work-tree") or words[:1] not in (
        ["reset"], ["clean"], ["checkout"], ["pull"], ["merge"], ["rebase"], ["stash"], ["commit"], ["switch"],
        ["restore"], ["add"], ["rm"], ["mv"], ["fetch"], ["branch"], ["tag"], ["cherry-pick"], ["revert"], ["am"],
        ["apply"], ["config"], ["gc"],
    ):  # fmt: skip
        raise NotKnown("no way back from this form of git is known")
    folder = call.value("-C") or call.folder
    if not folder or call.has("--global", "--system"):
        raise NotKnown("which folder it works in is not said")
    yield Thing(kind=ThingKind.FILES, name=call.files(folder).name, option="^.git")


def _rotates(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Gap("Logs are renamed and packed, and the oldest go; what else it does is as its settings say.")


def _rsync(call: KnownCall) -> Iterator[Thing | Gap]:
    takes = (
        "-e --rsh --exclude --include --exclude-from --include-from --backup-dir --suffix -f --filter --bwlimit --port"
    )
    *_, target = call.others(takes) or [""]
    if ":" in target.partition("/")[0]:
        raise NotKnown(f"it writes to {target}")
    yield call.files(target)
    if call.value("--backup-dir"):
        yield call.files(call.value("--backup-dir"))


def _truncate(call: KnownCall) -> Iterator[Thing | Gap]:
    yield from (call.files(word) for word in call.others("-s --size -r --reference"))


def _patch(call: KnownCall) -> Iterator[Thing | Gap]:
    named = call.others("-i -p -d -o -r --input --strip --directory --output --reject-file")
    if not named:
        raise NotKnown("which files it edits stands in the patch")
    for suffix in ("", ".orig", ".rej"):
        yield call.files(named[0] + suffix)


def _alternatives(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield from (Thing(kind=ThingKind.FILES, name=path) for path in ("/etc/alternatives", "/var/lib/dpkg/alternatives"))


FILES: Mapping[str, Ways] = {
    "rm": _all(), "rmdir": _all(), "unlink": _all(), "shred": _all("-n -s --iterations --size"), "tee": _all(),
    "touch": _all("-d -t -r --date --reference"), "mkdir": _made, "mkfifo": _all("-m --mode"),
    "truncate": _truncate, "sed": _sed, "perl": _sed, "cp": _copies, "mv": _moves, "install": _copies, "ln": _link,
    "chmod": _rights, "chown": _rights, "chgrp": _rights, "setfacl": _setfacl, "find": _find, "dd": _dd,
    "setcap": lambda call: iter([call.files(word) for word in call.others()[1:]]),
    "chattr": lambda call: iter([call.files(word) for word in call.words[1:] if word[:1] not in "+-="]),
    "chcon": _labels, "restorecon": _labels, "setfattr": _attributes, "git": _git, "logrotate": _rotates,
    "tar": _unpacks, "unzip": _unpacks, "rsync": _rsync, "patch": _patch, "update-alternatives": _alternatives,
}  # fmt: skip
