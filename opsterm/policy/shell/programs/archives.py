"""Archives and compressed files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import is_secret, resolved
from opsterm.policy.shell.programs.calling import Deed, asks_for_help, by_option, fixed, note, reads
from opsterm.policy.shell.programs.transfer import REMOTE
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty


def _tar(call: ProgramCall) -> None:
    """Follow tar: -t shows, -c makes, -x writes; some options run programs."""
    words = list(call.arguments)
    if words and not words[0].text.startswith("-") and re.fullmatch(r"[A-Za-z0-9]+", words[0].text):
        words[0] = Argument(text=f"-{words[0].text}", raw=words[0].raw, span=words[0].span)
        letters = words[0].text[1:]
        if "f" in letters and not letters.endswith("f"):  # the old form: values follow in the order of the letters
            words[0] = Argument(text=f"-{letters.replace('f', '')}f", raw=words[0].raw, span=words[0].span)
    call.arguments = words
    call.take(word_set("-f -C -T -X -I -b -g -V -K -H -F -L -N --file --directory --files-from --exclude --exclude-from --use-compress-program --to-command --checkpoint-action --transform --strip-components --owner --group "
                    "--mode --newer --listed-incremental --info-script --new-volume-script --rsh-command --warning --format --xattrs-include --index-file"),
              long=("--create", "--extract", "--list", "--get", "--remove-files", "--checkpoint", "--append", "--update", "--delete"))  # fmt: skip
    for option in call.options:
        if option.value is None:
            continue
        if option.name in ("--to-command", "-F", "--info-script", "--new-volume-script", "--rsh-command"):
            call.again(option.value, "tar")
        elif option.name == "--checkpoint-action" and option.value.text.startswith("exec="):
            call.again(option.value.part(option.value.text.removeprefix("exec=")), "tar")
        elif option.name in ("-I", "--use-compress-program") and not re.fullmatch(
            r"(?:pigz|gzip|zstd|xz|bzip2|lz4|pbzip2|pxz|zstdmt|lbzip2)(?: -[\w=]+)*", option.value.text
        ):
            call.again(option.value, "tar")
    if asks_for_help(call) or call.has("-t", "--list", "-d", "--diff", "--compare"):
        call.add(_K.READ)
    elif call.has("-x", "--extract", "--get"):
        if call.has("-O", "--to-stdout"):
            call.add(_K.READ)
        else:
            folder = call.value("-C", "--directory") or Argument(text=".", raw=".", span=call.span)
            deeds.write(folder, call.notes, call.frame, call.span, replaces=True)
    else:
        _makes_archive(call)


def _makes_archive(call: ProgramCall) -> None:
    target = call.value("-f", "--file")
    if target is not None and target.text not in ("-", "/dev/null"):
        if REMOTE.fullmatch(target.text):
            call.add(_K.EXFIL, target, _C.POSSIBLE)
        deeds.write(
            target, call.notes, call.frame, call.span, replaces=not call.has("-r", "--append", "-u", "--update")
        )
    elif target is None and not call.has("-c", "--create"):
        call.add(_K.WRITE_FILE, "")
    for word in call.words:
        if is_secret(resolved(word.text, call.frame.scope.cwd)):
            call.add(_K.READ_SECRET, word)
    if call.has("--remove-files"):
        for word in call.words:
            deeds.delete(word, call.notes, call.frame, call.span, tree=True)
    if call.has("--delete"):
        call.add(_K.DELETE, target or "")
    call.add(_K.READ)


def _packs(shows: str, takes: str = "", *, alone: str = "write_file") -> Deed:
    """Return a deed of a program that packs files, or with some options only shows what is in them."""
    options, showing = word_set(takes), word_set(shows)

    def deed(call: ProgramCall) -> None:
        call.take(options)
        packs_first = (
            call.name == "zip" and len(call.words) > 1 and not call.has("-sf")
        )  # -T looks at what it has packed
        if asks_for_help(call) or (call.has(*showing) and not packs_first) or call.word(0) in showing:
            call.add(_K.READ)
        else:
            note(call, alone, call.words[0] if call.words else "")
            folder = call.value("-d", "-C")
            if folder is not None:
                deeds.write(folder, call.notes, call.frame, call.span, replaces=True)

    return deed


PROGRAMS: Mapping[str, Deed] = {
    "tar": _tar, "bsdtar": _tar, "cpio": by_option("write_file: -i -o -p --extract --create --pass-through", "-F -H", else_="read", dry="-t --list"), "zip": _packs("-T -sf", "-x -i -P"), "unzip": _packs("-l -t -p -c -v -Z -lv", "-d -x -P"),
    **dict.fromkeys(("gzip", "pigz", "bzip2", "xz", "zstd", "lz4", "gunzip", "bunzip2", "unxz", "unzstd", "lzma", "compress", "lzop", "pbzip2"), _packs("-c -t -l --stdout --test --list -dc -cd", "-S -T")),
    **dict.fromkeys(("7z", "7za", "7zr", "rar", "unrar"), _packs("l t i lb lt v p", "")), "ar": _packs("t p", ""), "uudecode": fixed("write_file"), "zipinfo": reads(content=False),
}  # fmt: skip
