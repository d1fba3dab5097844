"""Code of other languages on a command line: what computes and prints, and what may do more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import UNKNOWN, Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.python.reader import NotFollowed, read_python
from opsterm.policy.word_set import word_set

CODE_LIMIT = 4_000
"""Characters of a text in another language that is looked at."""

_DANGER: Mapping[str, re.Pattern[str]] = {
    "python": re.compile(
        r"subprocess|os\.(?!path|environ|uname|getpid|cpu_count|getcwd|listdir|getloadavg|sep|name|stat\b|walk|getenv|linesep)|shutil|socket\.(?!gethost|getfqdn)|"
        r"urllib|requests|http\.client|\bopen\b(?!\([^,)]*\))|\b__(?!name__|file__|main__|future__)\w+|globals\(|locals\(|vars\(|exec\(|eval\(|compile\(|__import__|importlib|ctypes|\bpty\b|unlink|rmtree|"
        r"\bremove\(|\.write|from\s+(?:os|shutil|subprocess|socket|pty|ctypes)\s+import|getattr\(|base64|codecs|pickle|marshal|system\("
    ),
    "perl": re.compile(
        r"\bsystem\b|\bexec\b|\bunlink\b|\bqx\b|`|\brename\b|\brmdir\b|\bmkdir\b|\bkill\b|\bfork\b|\beval\b|\bsocket\b|Socket|\brequire\b|"
        r"\bopen\b|\bchmod\b|\bchown\b|\btruncate\b|\bsyscall\b|\bdo\s+[\"'$]|\buse\s+(?!strict|warnings|List::|POSIX|Data::|JSON|Time::|utf8|Digest)|/e[a-z]*[;\s'\"]|\bsymlink\b|\|\s*['\"]"
    ),
    "ruby": re.compile(
        r"system|exec|`|%x|File\.(?!read\b|exist|basename|dirname|join|size|stat|mtime|file\?|directory\?)|Pathname|Process\.(?!clock|pid)|Dir\.(?!glob|entries|children|pwd|exist)|\bload\b|\bopen\b|IO\.(?!read)|FileUtils|IO\.popen|Open3|spawn|fork|eval|send|Socket|Net::|Dir\.(?:rmdir|delete)|Kernel|require"
    ),
    "node": re.compile(
        r"child_process|fs\.|require\((?!['\"](?:os|path|util|url)['\"])|eval|Function|process\.(?!version|env\.\w+\b|memoryUsage|uptime|platform|arch)|import\(|fetch\("
    ),
    "php": re.compile(
        r"system|exec|passthru|popen|proc_open|`|unlink|file_put|fopen|rename|rmdir|eval|assert|curl|sockopen|stream_|socket|include|require|mail\(|touch|copy|mkdir|symlink|link\(|chmod|chown|chgrp|truncate|posix_|pcntl_|mysqli|PDO|pg_|putenv|\bdl\(|ftp_|move_|fwrite|fputs|tempnam|call_user|create_function|\$\w+\("
    ),
    "lua": re.compile(r"os\.(?!time|date|clock|getenv)|io\.(?!read|write)|loadstring|load\(|require|dofile"),
}
_DESTROYS = re.compile(
    r"rmtree|unlink|remove|system|exec|subprocess|popen|spawn|rm\s+-|socket|kill|delete|truncate|Socket|fork|chmod|chown|rename|write|qx|`|eval|base64|urlopen|urllib|"
    r"requests|child_process|FileUtils|rmdir|shutil|rmSync|writeFile"
)

_PYTHON_COMPUTES = word_set(
    "json sys re os os.path math cmath datetime time platform collections itertools functools statistics csv ssl hashlib hmac uuid "
    "random secrets string struct textwrap pprint ipaddress locale calendar decimal fractions operator glob stat pwd grp resource "
    "site sysconfig zlib binascii html bisect heapq enum types typing unicodedata difflib fnmatch copy yaml socket __future__"
)
"""Modules of Python that neither write nor start anything, except for what `_DANGER` names of them."""

_IMPORTS = re.compile(r"\bimport\s+([\w., ]+)|\bfrom\s+([\w.]+)\s+import\b")
_PERL_COMPUTES = re.compile(
    r"(?:strict|warnings|List::\w+|POSIX|Data::Dumper|JSON(?:::\w+)?|Time::\w+|utf8|Digest(?:::\w+)?|MIME::\w+|bigint|feature)(?:=.*)?"
)


def judge_code(call: ProgramCall, kind: str, code: Sequence[Argument]) -> None:
    """Note what code does: nothing but reading when all that it uses is known for that.

    Args:
        call: the interpreter, its options taken.
        kind: the language, a key of `_DANGER`.
        code: the texts.
    """
    text = "\n".join(word.text for word in code)
    if kind == "python" and UNKNOWN not in text and _note_python(call, code[0], text):
        return
    plain = len(text) <= CODE_LIMIT and _DANGER[kind].search(text) is None and UNKNOWN not in text
    if plain and not _brings_more(call, kind, text):
        call.add(EffectKind.READ)
        return
    call.dark(f"It runs code of {kind}, which this check does not follow.")
    if _DESTROYS.search(text) or UNKNOWN in text:
        call.add(EffectKind.REMOTE_CODE, code[0].shown[:60], Certainty.LIKELY)


def _note_python(call: ProgramCall, code: Argument, text: str) -> bool:
    """Note all that a text of Python does; return whether all of it could be told."""
    try:
        found = read_python(text)
    except NotFollowed:
        return False
    call.add(EffectKind.READ)
    for deed in found:
        words = [replace(code, text=word, raw=word.replace(UNKNOWN, "?"), base=-1) for word in deed.words]
        if deed.kind == "run":
            call.start(words, "python")
        elif deed.kind == "read":
            deeds.read(words[0], call.notes, call.frame, call.span)
        elif deed.kind in ("delete", "tree"):
            deeds.delete(words[0], call.notes, call.frame, call.span, tree=deed.kind == "tree")
        else:
            deeds.write(words[0], call.notes, call.frame, call.span, replaces=deed.kind == "write")
    return True


def _brings_more(call: ProgramCall, kind: str, text: str) -> bool:
    """Return whether a module comes along of which it is not known that it only computes."""
    if kind == "python":
        named = [name for one, other in _IMPORTS.findall(text) for name in (one or other).split(",")]
        modules = [name.split()[0] for name in named if name.split()]
        return len(named) < text.count("import") or any(module not in _PYTHON_COMPUTES for module in modules)
    if kind == "perl":
        return any(not _PERL_COMPUTES.fullmatch(value.text.lstrip("-")) for value in call.values("-M", "-m"))
    return kind in ("ruby", "node", "lua") and bool(call.values("-r", "--require", "-l"))
