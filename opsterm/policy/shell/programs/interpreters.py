"""Shells and other languages: a text for a shell is read, a text in another language is dark unless it plainly only shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import UNKNOWN, Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.notes import Feed, ShellText
from opsterm.policy.shell.places import WEAKENS, PathKind, place_of, resolved
from opsterm.policy.shell.programs.calling import Deed, asks_for_help
from opsterm.policy.shell.programs.foreign import CODE_LIMIT, judge_code
from opsterm.policy.shell.programs.strangers import note_destroying_word
from opsterm.policy.word_set import word_set

_NETWORK = ("curl", "wget", "nc ", "fetch")


def _sh(call: ProgramCall) -> None:
    """Follow a shell: -c has a text, a word is a script, else it reads its input."""
    call.take(word_set("-o -O --rcfile --init-file +o"), in_order=True, long=("--rcfile", "--init-file"))
    words = call.words
    if call.has("--rcfile", "--init-file"):
        call.dark("It reads another file of commands first.")
        call.add(EffectKind.REMOTE_CODE, "", Certainty.POSSIBLE)
    if call.has("-c"):
        while words and re.fullmatch(r"[-+][a-zA-Z]+", words[0].text):
            words = words[1:]
        if (words and words[0].known) or (words and words[0].text.strip("\x00 ")):
            call.again(words[0], call.name)
        elif words:
            _unknown_text(call, words[0])
        return
    if call.has("--version", "--help") or (call.has("-n") and words):
        call.add(EffectKind.READ)
    elif words and not call.has("-s"):
        _script(call, words[0])
    else:
        _feed(call, call.frame.feed)


def _unknown_text(call: ProgramCall, word: Argument) -> None:
    call.dark(f"{call.name} runs a text that is known only when it runs.")
    fetched = any(name in word.raw for name in _NETWORK)
    call.add(EffectKind.REMOTE_CODE, word.raw[:60], Certainty.CERTAIN if fetched else Certainty.LIKELY)


def _script(call: ProgramCall, word: Argument) -> None:
    """Note a script that is not shown."""
    if word.process:
        fetched = any(name in word.process for name in _NETWORK)
        call.dark("It runs what another command prints.")
        call.add(EffectKind.REMOTE_CODE, word.raw[:60], Certainty.CERTAIN if fetched else Certainty.LIKELY)
        return
    call.dark(f"It runs {word.shown}, whose text is not shown here.")
    note_destroying_word(call)
    if word.text.rsplit("/", 1)[-1] in call.notes.fetched:
        call.add(EffectKind.REMOTE_CODE, word)
    if re.match(r"/(?:tmp|var/tmp|dev/shm)/|/proc/|/dev/fd/", word.text):
        call.add(EffectKind.REMOTE_CODE, word, Certainty.POSSIBLE)


_OPENLY = word_set(
    "sudo doas su runuser pkexec env nohup setsid nice ionice timeout time exec command builtin chroot nsenter unshare ssh autossh mosh sshpass docker podman nerdctl kubectl oc "
    "k kubecolor docker-compose podman-compose lxc incus lxc-attach pct ctr crictl systemd-run tmux screen script flock watch stdbuf unbuffer rlwrap busybox bash sh dash zsh ksh eval "
    "machinectl gcloud az aws gosu su-exec tini dumb-init sg newgrp linux32 linux64 setarch taskset chrt numactl cgexec systemd-inhibit prlimit fakeroot alias then do else ! coproc"
)
"""Programs through which people open a shell on purpose; out of any other one it is a way around what is allowed."""


def _feed(call: ProgramCall, feed: Feed | None) -> None:
    """Follow what a shell reads from its input."""
    if feed is None:
        call.dark(f"{call.name} waits for what is typed, which is not known.")
        through = next((name for name in call.frame.via if name not in _OPENLY), "")
        if through:
            call.add(EffectKind.REMOTE_CODE, f"a shell out of {through}", Certainty.LIKELY)
    elif feed.origin == "text":
        frame = replace(call.deeper(call.name), feed=None, depth=call.frame.depth + 1)
        call.notes.read(ShellText(feed.text.replace(UNKNOWN, "${_}"), base=feed.base, span=feed.span), frame)
    elif feed.origin == "network":
        call.dark("It runs what comes over the network, unseen.")
        call.add(EffectKind.REMOTE_CODE, "")
    else:
        call.dark("It runs what another command prints.")
        likely = Certainty.LIKELY if feed.origin == "decoded" else Certainty.POSSIBLE
        call.add(EffectKind.REMOTE_CODE, feed.text[:60], likely)


def _source(call: ProgramCall) -> None:
    """Note a file whose commands this shell runs."""
    if call.arguments and call.arguments[0].process:
        _script(call, call.arguments[0])
    elif call.arguments and re.fullmatch(
        r"/etc/(?:os-release|profile|bash\.bashrc|lsb-release|default/[\w.-]+)|.*/bin/activate|/usr/lib/os-release|.*/etc/bash_completion.*",
        call.arguments[0].text,
    ):
        call.add(EffectKind.READ, call.arguments[0])
    elif call.arguments:
        _script(call, call.arguments[0])


_LANGUAGES = {
    "python": "-c", "perl": "-e", "ruby": "-e", "node": "-e", "php": "-r", "lua": "-e",
}  # fmt: skip
_TAKES: Mapping[str, str] = {
    "python": "-c -m -W -X", "perl": "-e -E -I -M -m -F", "ruby": "-e -r -I -F", "node": "-e -p -r --eval --print --require",
    "php": "-r -f -d -c", "lua": "-e -l",
}  # fmt: skip


def _language(kind: str) -> Deed:
    """Return a deed of an interpreter of another language."""

    def deed(call: ProgramCall) -> None:
        call.take(word_set(_TAKES[kind]), in_order=True)
        if kind == "perl":
            _in_place(call)
        module = call.value("-m") if kind == "python" else None
        code = call.values("-c", "-e", "-E", "-r", "-p", "--eval", "--print")
        if kind == "python":
            code = call.values("-c")
        feed = call.frame.feed
        if module is not None:
            _module(call, module)
        elif asks_for_help(call) or call.has("-V", "--version", "-v"):
            call.add(EffectKind.READ)
        elif code:
            judge_code(call, kind, code)
            for word in call.words:
                if kind in ("perl", "ruby") and "/" in word.text:
                    deeds.read(word, call.notes, call.frame, call.span)
        elif call.words and call.words[0].text != "-":
            _script(call, call.words[0])
        elif feed is not None and feed.origin == "text":
            judge_code(call, kind, [Argument(text=feed.text, raw=feed.text, span=feed.span)])
        else:
            _feed(call, feed if feed is None or feed.origin != "text" else None)

    return deed


def _in_place(call: ProgramCall) -> None:
    if not any(re.match(r"-[a-zA-Z0]*i", option.word.text) for option in call.options):
        return
    call.take(word_set("-e -E -I -M -m -F"))
    for word in call.words:
        deeds.write(word, call.notes, call.frame, call.span, replaces=False)
    if not call.words:
        call.add(EffectKind.WRITE_FILE)


_MODULES_READ = word_set(
    "json.tool platform sysconfig site this timeit calendar tokenize pprint dis unittest.--help tabnanny ast"
)


def _module(call: ProgramCall, module: Argument) -> None:
    name = module.text
    if name in _MODULES_READ:
        call.add(EffectKind.READ)
    elif name in ("pip", "pip3"):
        call.start([module, *call.words], call.name)
    elif name in ("http.server", "SimpleHTTPServer", "pyftpdlib", "smtpd"):
        call.add(EffectKind.SECURITY_WEAKEN, name)
        call.add(EffectKind.EXFIL, name, Certainty.POSSIBLE)
    elif name in ("venv", "virtualenv", "compileall", "py_compile", "zipfile", "tarfile", "ensurepip"):
        call.add(EffectKind.WRITE_FILE, call.word(0))
    else:
        call.dark(f"It runs the module {name}, which this check does not know.")


_AWK_SYSTEM = re.compile(r"system\s*\(\s*\"((?:[^\"\\]|\\.)*)\"\s*\)")
_AWK_RUNS = re.compile(r"\"((?:[^\"\\]|\\.)+)\"\s*\|&?\s*getline|\|&?\s*\"((?:[^\"\\]|\\.)+)\"")
_AWK_WRITES = re.compile(r"print[^;}\n]*?>>?\s*\"([^\"]+)\"")


def _awk(call: ProgramCall) -> None:
    """Follow awk: what it runs and writes is said in its program."""
    call.take(
        word_set("-F -v -f -i -e -E --field-separator --assign --file --source --include -l --load"), in_order=False
    )
    files = call.has("-f", "--file", "-E")
    scripts = call.values("-e", "--source") or ([] if files or not call.words else [call.words[0]])
    paths = call.words if call.has("-e", "--source") or files else call.words[1:]
    inplace = any(value.text == "inplace" for value in call.values("-i", "--include"))
    if files:
        call.dark("Its program is in a file that is not shown here.")
    for script in scripts:
        _awk_program(call, script)
    for path in paths:
        if inplace:
            deeds.write(path, call.notes, call.frame, call.span, replaces=False)
        elif "=" not in path.text:
            deeds.read(path, call.notes, call.frame, call.span)
    call.add(EffectKind.READ)


def _awk_program(call: ProgramCall, script: Argument) -> None:
    text = script.text
    if len(text) > CODE_LIMIT:
        call.dark("Its program is longer than this check reads.")
        return
    for match in _AWK_SYSTEM.finditer(text):
        call.again(script.part(match[1]), "awk")
    if len(_AWK_SYSTEM.findall(text)) != len(re.findall(r"\bsystem\s*\(", text)):
        call.dark("awk runs commands that are known only when it runs.")
        call.add(EffectKind.REMOTE_CODE, "system()", Certainty.LIKELY)
    for match in _AWK_RUNS.finditer(text):
        call.again(script.part(match[1] or match[2]), "awk")
    if re.search(r"\|\s*(?:getline\b)?\s*[a-z_]\w*\s*[;}]|[a-z_]\w*\s*\|\s*getline|\|\s*[a-z]\w*\s*$", text):
        call.dark("awk runs commands that are known only when it runs.")
        call.add(EffectKind.REMOTE_CODE, "getline", Certainty.POSSIBLE)
    for match in _AWK_WRITES.finditer(text):
        deeds.write(script.part(match[1]), call.notes, call.frame, call.span, replaces=True)
    if re.search(r"print[^;}\n\"]*>>?\s*(?:\$\d|\([^)]*\)|[a-z]\w*)\s*[;}]?", text) and not re.search(
        r"if\s*\(|\?", text
    ):
        call.add(EffectKind.WRITE_FILE, "", Certainty.LIKELY)
    if "/inet/" in text:
        call.add(EffectKind.REMOTE_CODE, "/inet/", Certainty.LIKELY)


_SED_WRITES = re.compile(
    r"(?:^|[;{}\n\d/$])\s*[wW]\s+([^\s;}]+)|s([/|#,!@:])(?:\\.|(?!\2).)*\2(?:\\.|(?!\2).)*\2[gpiImM\d]*w\s+(\S+)"
)
_SED_RUNS = re.compile(
    r"s([/|#,!@:])(?:\\.|(?!\1).)*\1(?:\\.|(?!\1).)*\1[gpiIm\d]*e|(?:^|[;{}\n])\s*(?:\d+|\$|/[^/]*/)?\s*e(?:\s|$)"
)


_SED_EMPTIES = re.compile(r"\s*(?:1,\$|\d+,\$|/\.\*?/|/\^/)?\s*d\s*;?\s*")
"""A script that deletes every line, or all from one on."""


def _sed(call: ProgramCall) -> None:
    """Follow sed: -i writes its files, w writes another one, e runs what it made."""
    inplace = _takes_in_place(call)
    call.take(word_set("-e -f -l --expression --file --line-length"))
    in_file = call.has("-f", "--file")
    scripts = call.values("-e", "--expression")
    paths = call.words if scripts or in_file else call.words[1:]
    if in_file:
        call.dark("Its script is in a file that is not shown here.")
    for script in scripts or ([] if in_file else call.words[:1]):
        if len(script.text) > CODE_LIMIT:
            call.dark("Its script is longer than this check reads.")
            continue
        if inplace and WEAKENS.search(script.text):
            call.add(EffectKind.SECURITY_WEAKEN, script.shown[:60])
        for match in _SED_WRITES.finditer(script.text):
            deeds.write(script.part(match[1] or match[3]), call.notes, call.frame, call.span, replaces=True)
        if _SED_RUNS.search(script.text):
            call.dark("sed runs the text that it made.")
            call.add(EffectKind.REMOTE_CODE, script.shown[:60], Certainty.LIKELY)
    for path in paths:
        if inplace:
            deeds.write(path, call.notes, call.frame, call.span, replaces=False)
            if place_of(resolved(path.text, call.frame.scope.cwd)) is PathKind.LOG:
                call.add(EffectKind.LOG_LOSS, path, Certainty.LIKELY)
        else:
            deeds.read(path, call.notes, call.frame, call.span)
    if not paths or not inplace:
        call.add(EffectKind.WRITE_FILE if inplace else EffectKind.READ)
    elif any(_SED_EMPTIES.fullmatch(script.text) for script in scripts or call.words[:1]):
        call.add(EffectKind.TRUNCATE, paths[0])


def _takes_in_place(call: ProgramCall) -> bool:
    """Take -i and its suffix out of the words of sed; return whether it was there."""
    words, inplace = [], False
    for word in call.arguments:
        if not re.match(r"-[nErsuz]*i|--in-p", word.text):
            words.append(word)
            continue
        inplace = True
        text = "" if word.text.startswith("--") else re.sub(r"i.*", "", word.text)
        if text not in ("-", ""):
            words.append(word.part(text))
    call.arguments = words
    return inplace


def _editor(call: ProgramCall) -> None:
    """Note what an editor opens: it may be changed; vi can be told to run commands."""
    call.take(word_set("-c -S -u -w -i --cmd"), in_order=False)
    for text in (*call.values("-c", "--cmd"), *(word for word in call.words if word.text.startswith("+"))):
        if "!" in text.text or "system" in text.text:
            command = text.text.partition("!")[2] or text.text
            call.again(text.part(command), call.name)
    feed = call.frame.feed
    if feed is not None and feed.origin == "text" and re.search(r"(?m)^!(.+)", feed.text):
        call.dark("The editor runs commands that it reads.")
        call.add(EffectKind.REMOTE_CODE, "", Certainty.LIKELY)
    paths = [word for word in call.words if not word.text.startswith("+")]
    for path in paths:
        if call.has("-R") or call.name in ("view", "rview"):
            deeds.read(path, call.notes, call.frame, call.span)
        else:
            deeds.write(path, call.notes, call.frame, call.span, replaces=False)
    if not paths:
        call.dark("An editor changes what a person says in it.")


_VERSIONED = re.compile(r"(python|perl|ruby|node|php|lua)[\d.]*")


def interpreter(name: str) -> Deed | None:
    """Return the deed of an interpreter by its name, with or without a version: python3.11."""
    match = _VERSIONED.fullmatch(name)
    return _BY_LANGUAGE[match[1]] if match else None


_BY_LANGUAGE: Mapping[str, Deed] = {kind: _language(kind) for kind in _LANGUAGES}

PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(("sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash", "mksh", "ksh93", "csh", "tcsh"), _sh),
    "source": _source, ".": _source, "sed": _sed, "gsed": _sed,
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk", "original-awk"), _awk),
    **dict.fromkeys(("vi", "vim", "nvim", "nano", "emacs", "ed", "ex", "joe", "mcedit", "pico", "view", "rvim", "micro", "editor",
                     "rview"), _editor),
    "nodejs": _BY_LANGUAGE["node"], "pypy": _BY_LANGUAGE["python"], "pypy3": _BY_LANGUAGE["python"],
}  # fmt: skip
