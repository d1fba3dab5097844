"""Previews of commands that delete or write files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from opsterm.policy.invocation import Invocation
from opsterm.policy.preview.command import CONTENT_BYTES
from opsterm.policy.preview.paths import NamedFiles, NotKnown, Wording, place_named
from opsterm.policy.preview.step import After, PreviewKind, PreviewStep, command
from opsterm.policy.safer_words import flags_of, others_of
from opsterm.policy.secret_paths import has_secret_name
from opsterm.policy.understanding import Understanding

Steps = Callable[[Invocation, Wording, str], Iterator[PreviewStep]]

LISTED = "%y\\t%s\\t%p\\0"
"""What find prints of each: kind, bytes, path; with a zero byte, for a name may hold anything else."""

_PATTERN_SIGNS = frozenset("*?[\\")
_NOT_A_FILE = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/full")
_TO_FILE = re.compile(r"(?P<fd>\d*)(?P<sign>>>|>\||>|&>>|&>)\s*(?P<path>.+)", re.DOTALL)


def _rm(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """List what rm would take away: what is named plainly at once, each pattern by itself."""
    whole = bool(flags_of(call) & {"-r", "-R", "--recursive"})
    plain: dict[str, str] = {}
    patterns: dict[str, list[str]] = {}
    unknown: NotKnown | None = None
    for word in others_of(call):
        try:
            place = place_named(word, wording)
            if place.pattern:
                patterns[word] = _listing(place, whole=whole)
            else:
                plain[place.path] = word
        except NotKnown as error:
            unknown = unknown or error
    if plain:
        patterns = {" ".join(plain.values()): ["find", *plain, *_DEPTH[whole], "-printf", LISTED], **patterns}
    for title, words in patterns.items():
        yield PreviewStep(kind=PreviewKind.DELETES, title=title[:80], become=become, commands=(command(*words),))
    if unknown is not None:
        raise unknown


_DEPTH = {True: (), False: ("-maxdepth", "0")}


def _listing(place: NamedFiles, *, whole: bool) -> list[str]:
    """Return the words that list what a pattern matches; a shell's leaves out names that begin with a dot."""
    hidden = [] if place.pattern.startswith(".") else ["-not", "-name", ".*"]
    if whole and place.pattern == "*" and not set(place.path) & _PATTERN_SIGNS:
        below = place.path.rstrip("/") + "/.*"
        return ["find", place.path, "-mindepth", "1", "-not", "-path", below, "-printf", LISTED]
    if whole:
        raise NotKnown("what is below the folders that a pattern matches is not listed here; name them")
    return [
        "find", place.path, "-mindepth", "1", "-maxdepth", "1", "-name", place.pattern, *hidden, "-printf", LISTED
    ]  # fmt: skip


def _find(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """List what find would delete, by the same search."""
    words = list(call.words[1:])
    acts = [at for at, word in enumerate(words) if word in ("-delete", "-exec", "-execdir", "-ok", "-okdir")]
    if not acts:
        return
    at = acts[0]
    if words[at] != "-delete":
        rest = words[at + 1 :]
        ends = [end for end, word in enumerate(rest) if word in (";", "+")]
        if not ends or not rest or rest[0].rpartition("/")[2] not in ("rm", "rmdir", "unlink") or "{}" not in rest:
            raise NotKnown("what it does with each file that it finds is not followed here")
        words[at : at + 2 + ends[0]] = ["-printf", LISTED]
    else:
        words[at : at + 1] = ["-depth", "-printf", LISTED]
    number = next((n for n, word in enumerate(words) if word.startswith("-") or word in ("!", "(")), len(words))
    paths = [_found_in(word, wording) for word in words[:number]] or [_found_in(".", wording)]
    tests = words[number:]
    if any("?" in word and word != LISTED for word in tests):
        raise NotKnown("a pattern with ? in it may be one that is known only when it runs")
    yield PreviewStep(
        kind=PreviewKind.DELETES, title=" ".join(call.words[1:])[:80], become=become,
        commands=(command("find", *paths, *tests),),
    )  # fmt: skip


def _found_in(word: str, wording: Wording) -> str:
    if word in (".", "./") and wording.folder is not None:
        return wording.folder or "./"
    place = place_named(word, wording)
    if place.pattern:
        raise NotKnown(f"{word} is a pattern")
    return place.path


def _content(path: str, become: str) -> list[tuple[str, ...]]:
    """Return what asks for a file: what it is, where it really is, its beginning. Raises NotKnown for a secret."""
    if has_secret_name(path):
        raise NotKnown(f"{path} may hold secrets, so its content is not shown")
    if become:
        raise NotKnown(f"it runs as {become}, who may read what nobody is shown without an approval")
    return [
        ("find", path, "-maxdepth", "0", "-printf", LISTED), ("realpath", path),
        ("head", "-c", str(CONTENT_BYTES + 1), "--", path),
    ]  # fmt: skip


def _sed(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Compare files with what sed makes of them."""
    scripts, flags, files, at = [], [], [], 1
    in_place = False
    words = call.words
    while at < len(words):
        word = words[at]
        if word in ("-e", "--expression") and at + 1 < len(words):
            scripts.append(words[at + 1])
            at += 1
        elif word == "-i" or word.startswith(("-i.", "-i~", "--in-place")):
            in_place = True
        elif word in ("-E", "-r", "--regexp-extended", "-n", "--quiet", "--silent", "-z", "-s"):
            flags.append({"-r": "-E", "--regexp-extended": "-E", "--quiet": "-n", "--silent": "-n"}.get(word, word))
        elif word.startswith("-") and word != "-":
            if "i" in word and not word.startswith("--"):
                raise NotKnown(f"the options {word} of sed are not followed here; write -i by itself")
            return
        else:
            files.append(word)
        at += 1
    if not in_place:
        return
    if not scripts and files:
        scripts.append(files.pop(0))
    if any("?" in script or "\x00" in script for script in scripts):
        raise NotKnown("its script has a ?, which may be a part that is known only when it runs")
    flags = sorted(set(flags))
    for word in files:
        place = place_named(word, wording)
        if place.pattern:
            raise NotKnown(f"{word} is a pattern; name the files")
        edit = ("sed", "--sandbox", *flags, *(part for script in scripts for part in ("-e", script)), "--", place.path)
        yield PreviewStep(
            kind=PreviewKind.DIFFERENCE, title=word, become=become, after=After.PRINTED,
            commands=tuple(command(*one) for one in (*_content(place.path, become), edit)),
        )  # fmt: skip


def _copies(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Tell what is at the place that mv or cp writes to, and how it differs."""
    options = flags_of(call)
    if options & {"-n", "--no-clobber", "-t", "--target-directory", "-T"}:
        return
    named = others_of(call)
    if len(named) < 2:
        return
    if len(named) > 2:
        raise NotKnown("it writes several files; name one at a time to see what is overwritten")
    source, target = (place_named(word, wording) for word in named)
    if source.pattern or target.pattern:
        raise NotKnown("a pattern is among its files; name them")
    inside = posixpath.join(target.path, posixpath.basename(source.path.rstrip("/")))
    asked = [("find", path, "-maxdepth", "0", "-printf", LISTED) for path in (target.path, inside)]
    yield PreviewStep(
        kind=PreviewKind.OVERWRITES, title=named[1], become=become, commands=tuple(command(*one) for one in asked)
    )
    if not options & {"-r", "-R", "-a", "--recursive", "--archive"} and not become:
        shown = not has_secret_name(source.path) and not has_secret_name(target.path)
        if shown:
            after = ("head", "-c", str(CONTENT_BYTES + 1), "--", source.path)
            yield PreviewStep(
                kind=PreviewKind.DIFFERENCE, title=named[1], become=become, after=After.PRINTED,
                commands=tuple(command(*one) for one in (*_content(target.path, become), after)),
            )  # fmt: skip


def redirect_steps(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Compare a file with what a redirection makes of it, where that is in the text."""
    for redirect in call.redirects:
        found = _TO_FILE.fullmatch(redirect)
        if found is None or found["path"].startswith("&") or found["path"] in _NOT_A_FILE:
            continue
        if become and "sudo" in call.via:
            raise NotKnown("a redirection is done by the shell outside sudo")
        text = _printed(call) if found["fd"] in ("", "1") else None
        yield _written(found["path"], text, wording, become, appends=found["sign"].endswith(">>"))


def tee_steps(call: Invocation, understood: Understanding, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Compare files with what tee writes, where what is piped into it is in the text."""
    appends = bool(flags_of(call) & {"-a", "--append"})
    outer = min((one.span.start for one in understood.commands if one.span.end >= call.span.end), default=0)
    before = [one for one in understood.commands if one.span.end <= outer or one.span.end < call.span.start]
    text = None
    if before:
        between = understood.text[before[-1].span.end : call.span.start].strip()
        text = _printed(before[-1]) if between in ("|", "| sudo") else None
    for word in others_of(call):
        if word not in _NOT_A_FILE:
            yield _written(word, text, wording, become, appends=appends)


def _written(word: str, text: str | None, wording: Wording, become: str, *, appends: bool) -> PreviewStep:
    bare = word[1:-1] if word[:1] in ("'", '"') and word[-1:] == word[:1] else word
    if set(bare) & set("'\"\\$`"):
        raise NotKnown(f"what {word} stands for is known only when it runs")
    place = place_named(bare, wording)
    if place.pattern:
        raise NotKnown(f"{word} is a pattern")
    after = After.UNKNOWN if text is None else After.APPENDED if appends else After.WRITTEN
    if text is None:
        if appends:
            raise NotKnown(f"what it appends to {word} is known only when it runs")
        seen = command("find", place.path, "-maxdepth", "0", "-printf", LISTED)
        return PreviewStep(kind=PreviewKind.OVERWRITES, title=word, become=become, commands=(seen,))
    return PreviewStep(
        kind=PreviewKind.DIFFERENCE, title=word, become=become, after=after, text=text,
        commands=tuple(command(*one) for one in _content(place.path, become)),
    )  # fmt: skip


def _printed(call: Invocation) -> str | None:
    """Return what a command prints when that is in its words, None otherwise: echo without options and escapes."""
    plain = call.words[0] == "echo" and not any("\\" in word or "?" in word or "\x00" in word for word in call.words)
    if not plain or (len(call.words) > 1 and call.words[1].startswith("-")):
        return None
    return " ".join(call.words[1:]) + "\n"


FILE_STEPS: Mapping[str, Steps] = {
    "rm": _rm, "unlink": _rm, "rmdir": _rm, "shred": _rm, "find": _find, "sed": _sed, "mv": _copies, "cp": _copies,
    "install": _copies,
}  # fmt: skip
