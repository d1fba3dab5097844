"""Programs that start another command: it is followed as if it stood there by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import UNKNOWN, Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.notes import ShellText
from opsterm.policy.shell.programs.calling import Deed, asks_for_help
from opsterm.policy.shell.variables import LOADS_CODE
from opsterm.policy.word_set import word_set

_SETS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def without_variables(call: ProgramCall, words: Sequence[Argument]) -> list[Argument]:
    """Return the words behind NAME=value words, noting those variables by which code is loaded."""
    rest = list(words)
    while rest and _SETS.match(rest[0].text):
        name, _, value = rest.pop(0).text.partition("=")
        if name in LOADS_CODE and name != "PATH" and value not in ("", "cat"):
            call.dark(f"It sets {name}, which lets programs load or start other code.")
            call.add(EffectKind.REMOTE_CODE, name, Certainty.POSSIBLE)
    return rest


def starts(takes: str = "", *, skip: int = 0, alone: str = "read", shows: str = "", writes: str = "") -> Deed:
    """Return a deed that follows the words behind the options.

    Args:
        takes: options with a value.
        skip: words between the options and the command.
        alone: what it does without a command: "read", or "shell" for one that opens a shell.
        shows: options with which nothing is started.
        writes: options whose value is a file that is written.
    """
    options, showing, writing = word_set(takes), word_set(shows), word_set(writes)

    def deed(call: ProgramCall) -> None:
        call.take(options, in_order=True, long=("--help", "--version"))
        rest = without_variables(call, call.words[skip:])
        for value in call.values(*writing):
            deeds.write(value, call.notes, call.frame, call.span, replaces=True)
        if call.has(*showing) or (not rest and alone == "read") or (not rest and call.has("--help", "--version")):
            call.add(EffectKind.READ)
        elif rest:
            call.start(rest, call.name)
        else:
            call.dark(f"{call.name} opens a shell, and what is typed there is not known.")
            call.add(EffectKind.PRIVILEGE)

    return deed


def _sudo(call: ProgramCall) -> None:
    """Follow sudo and doas: -l and -v show, -e edits, -i and -s open a shell."""
    call.take(word_set("-u -g -h -p -C -r -t -T -U -R -D -c --user --group --host --prompt --chdir --role --type --close-from"),
              in_order=True)  # fmt: skip
    rest = without_variables(call, call.words)
    if call.has("-e", "--edit") or call.name == "sudoedit":
        for word in rest:
            deeds.write(word, call.notes, call.frame, call.span, replaces=False)
    elif call.has("-l", "--list", "-V", "--version", "-v", "--validate", "-k", "-K", "--help") and not (
        rest and call.has("-k")
    ):
        call.add(EffectKind.READ)
    elif not rest:
        _shell_for_somebody(call)
    elif call.has("-i", "-s", "--login", "--shell") and len(rest) == 1:
        call.again(rest[0], call.name)
    else:
        call.start(rest, call.name)


def _shell_for_somebody(call: ProgramCall) -> None:
    feed = call.frame.feed
    if feed is not None and feed.origin == "text":
        frame = replace(call.deeper(call.name), feed=None, depth=call.frame.depth + 1)
        call.notes.read(ShellText(feed.text, base=feed.base, span=feed.span), frame)
        return
    call.dark(f"{call.name} opens a shell as another account, and what is typed there is not known.")
    call.add(EffectKind.PRIVILEGE)


_LIMIT_TAKES = word_set("-p --pid -n --adjust -o --output -m -M")


def _limit(call: ProgramCall) -> None:
    """Follow prlimit and its kin: of a process that runs they show or set limits, else they start one."""
    call.take(_LIMIT_TAKES, in_order=True)
    pid = call.value("-p", "--pid")
    sets = any(
        option.value is not None and option.name not in ("-p", "--pid", "-o", "--output") for option in call.options
    )
    if pid is not None and sets:
        call.add(EffectKind.KERNEL_PARAM, pid)
    elif call.words:
        call.start(call.words, call.name)
    else:
        call.add(EffectKind.READ)


def _su(call: ProgramCall) -> None:
    """Follow su and runuser: -c has a text for the shell; runuser -u has words."""
    call.take(word_set("-c -s -g -G -u -w --command --shell --group --user --session-command"), in_order=False)
    text = call.value("-c", "--command", "--session-command")
    if text is not None:
        call.again(text, call.name)
    elif call.has("-u", "--user"):
        call.take(word_set("-c -s -g -G -u -w --user --group"), in_order=True)
        call.start(call.words, call.name)
    elif asks_for_help(call):
        call.add(EffectKind.READ)
    else:
        _shell_for_somebody(call)


def _env(call: ProgramCall) -> None:
    """Follow env: -S is a text that it splits itself; without a command it prints the environment."""
    call.take(word_set("-u -C -S --unset --chdir --split-string"), in_order=True, long=("--split-string",))
    text = call.value("-S", "--split-string")
    rest = without_variables(call, call.words)
    if text is not None:
        joined = " ".join([text.text, *(word.raw for word in rest)])
        call.again(Argument(text=joined, raw=joined, span=text.span, base=text.base if not rest else -1), call.name)
    elif rest:
        call.start(rest, call.name)
    else:
        call.add(EffectKind.READ)


def _command(call: ProgramCall) -> None:
    """Follow command, which only tells about a name with -v."""
    call.take((), in_order=True)
    if call.has("-v", "-V") or not call.words:
        call.add(EffectKind.READ)
    else:
        call.start(call.words, call.name)


def _eval(call: ProgramCall) -> None:
    """Read what eval joins."""
    text = " ".join(word.text for word in call.arguments)
    if not call.arguments:
        return
    if not text.replace(UNKNOWN, "").strip():
        call.dark("eval runs a text that is known only when it runs.")
        call.add(EffectKind.REMOTE_CODE, call.arguments[0].raw[:60], Certainty.LIKELY)
        if any(name in call.arguments[0].raw for name in ("curl", "wget")):
            call.add(EffectKind.REMOTE_CODE, call.arguments[0].raw[:60])
        return
    base = call.arguments[0].base if len(call.arguments) == 1 else -1
    call.again(Argument(text=text, raw=text, span=call.span, base=base), "eval")


def _watch(call: ProgramCall) -> None:
    """Read what watch repeats: its words are joined for a shell."""
    call.take(word_set("-n --interval -q --equexit -s --shotsdir"), in_order=True)
    if not call.words:
        call.add(EffectKind.READ)
        return
    _joined(call, call.words)


def _joined(call: ProgramCall, words: Sequence[Argument], *, where: str | None = None) -> None:
    """Read words as one text, as a program does that joins them for a shell."""
    text = " ".join(word.text for word in words)
    base = words[0].base if len(words) == 1 else -1
    span = words[0].span if len(words) == 1 else call.span
    call.again(Argument(text=text, raw=text, span=span, base=base), call.name, where=where)


def _flock(call: ProgramCall) -> None:
    """Follow flock: a file, then a command or -c and a text."""
    call.take(word_set("-w -E -c --timeout --command --conflict-exit-code"), in_order=True)
    rest = call.words[1:]
    if len(rest) >= 2 and rest[0].text in ("-c", "--command"):
        call.again(rest[1], "flock")
    elif rest:
        call.start(rest, "flock")
    else:
        call.add(EffectKind.READ)


def _xargs(call: ProgramCall) -> None:
    """Follow xargs: the words of its input are not known, and there may be many."""
    call.take(word_set("-I -n -P -L -d -E -s -a --max-args --max-procs --max-lines --delimiter --arg-file --replace --max-chars"),
              in_order=True)  # fmt: skip
    if not call.words:
        call.add(EffectKind.READ)
        return
    mark = call.value("-I", "--replace")
    sign = mark.text if mark is not None else "{}" if call.has("-i", "--replace") else ""
    last = call.arguments[-1].span
    fed = call.frame.feed
    source = fed.text if fed is not None and fed.origin == "unknown" and "sshd" in fed.text else "what it reads"
    unknown = Argument(text=UNKNOWN, raw=source, span=last, glob=True)
    if fed is not None and fed.origin == "text" and fed.text.split():
        unknown = Argument(
            text=fed.text.split()[0] if len(fed.text.split()) == 1 else fed.text, raw=fed.text, span=fed.span
        )
    if sign:
        words = [_replaced(word, sign, unknown) for word in call.words]
    elif fed is not None and fed.origin == "text":
        words = [*call.words, *(Argument(text=one, raw=one, span=fed.span) for one in fed.text.split())]
    else:
        words = [*call.words, unknown]
    call.start(words, "xargs")


def _replaced(word: Argument, sign: str, value: Argument) -> Argument:
    if sign not in word.text:
        return word
    text = word.text.replace(sign, value.text)
    return Argument(text=text, raw=word.raw, span=word.span, glob=word.text == sign and value.glob)


def _parallel(call: ProgramCall) -> None:
    """Follow GNU parallel: a command, then ::: and its arguments."""
    call.take(word_set("-j --jobs -a --arg-file --colsep -C -N -n --joblog -S --sshlogin --retries --timeout --delay --results"),
              in_order=True)  # fmt: skip
    texts = [word.text for word in call.words]
    end = next((at for at, text in enumerate(texts) if text.startswith(":::")), len(texts))
    command = call.words[:end]
    if call.has("--dry-run", "--dryrun", "--version", "--help"):
        call.add(EffectKind.READ)
        return
    if not command:
        for word in call.words[end + 1 :]:
            call.again(word, "parallel")
        if end == len(texts):
            call.dark("parallel runs the lines that it reads.")
            call.add(EffectKind.REMOTE_CODE, "", Certainty.POSSIBLE)
        return
    values = call.words[end + 1 :]
    span = call.span
    unknown = values[0] if len(values) == 1 else Argument(text=UNKNOWN, raw="what it reads", span=span, glob=True)
    words = [_replaced(word, "{}", unknown) for word in command]
    if len(words) == 1 and " " in words[0].text:
        call.again(words[0], "parallel")
    else:
        call.start(words if words != list(command) else [*words, unknown], "parallel")


def _script(call: ProgramCall) -> None:
    """Follow script: -c has a text for the shell; what is shown goes to a file."""
    call.take(word_set("-c -o -E -I -O -B -T --command --log-out"), in_order=False)
    text = call.value("-c", "--command")
    for word in call.words[:1]:
        deeds.write(word, call.notes, call.frame, call.span, replaces=True)
    if text is not None:
        call.again(text, "script")
    else:
        call.dark("script opens a shell, and what is typed there is not known.")


def _busybox(call: ProgramCall) -> None:
    """Follow busybox: its first word is the program."""
    if not call.arguments or call.arguments[0].text.startswith("-"):
        call.add(EffectKind.READ)
    else:
        call.start(call.arguments, call.name)


def _alias(call: ProgramCall) -> None:
    """Remember what a name stands for from here on."""
    for word in call.arguments:
        name, equals, text = word.text.partition("=")
        if equals:
            call.frame.scope.aliases[name] = text
            if name in ("sudo", "ls", "cd", "rm", "cp", "mv", "ssh", "su", "cat"):
                call.dark(f"It gives {name} another meaning.")
    call.add(EffectKind.READ)


def _cd(call: ProgramCall) -> None:
    """Remember the folder that the shell is in."""
    word = next((word for word in call.arguments if not word.text.startswith("-")), None)
    scope = call.frame.scope
    if word is None or word.text.startswith("~"):
        scope.cwd = "~" if word is None else word.text
    elif word.text.startswith("/"):
        scope.cwd = word.text
    else:
        scope.cwd = f"{scope.cwd}/{word.text}" if scope.cwd else word.text
    call.add(EffectKind.READ, word.shown if word else "~")


_RUN0 = "-u -g -D --user --group --chdir --nice --setenv --unit --property --description --slice --machine --background"


def _told(call: ProgramCall) -> None:
    """Note what a session of screen is told by -X: text that is typed there, or its end."""
    verb = call.word(0)
    if verb in ("quit", "kill"):
        call.add(EffectKind.PROCESS_KILL, "session")
    elif verb in ("stuff", "exec") and len(call.words) > 1:
        call.again(call.words[1].part(call.words[1].text.replace("\\n", "").strip()), "screen")
    else:
        call.dark("It sends a line to a session, which is not known to this check.")


def _screen(call: ProgramCall) -> None:
    """Follow screen and tmux: a session that starts with a command, or that is sent one."""
    call.take(word_set("-S -t -s -n -c -e -h -T -L -F -x -y"), in_order=call.name == "screen")
    words = call.words
    shows = call.has("-ls", "-list", "-l", "-v", "-V") and call.name == "screen" and not words
    verb = words[0].text if words and call.name == "tmux" else ""
    if shows or verb in ("ls", "list-sessions", "has-session", "capture-pane", "list-windows", "list-panes", "info"):
        call.add(EffectKind.READ)
    elif verb.startswith("kill-"):
        call.add(EffectKind.PROCESS_KILL, verb)
    elif call.name == "tmux" and len(words) > 1:
        _joined(call, [word for word in words[1:] if word.text not in ("C-m", "Enter")] or words[1:])
    elif call.name == "screen" and call.has("-X"):
        _told(call)
    elif call.name == "screen" and words:
        call.start(words, call.name)
    else:
        call.dark("It opens a session, and what is typed there is not known.")


def _trap(call: ProgramCall) -> None:
    """Read what a trap runs later."""
    call.take((), in_order=True)
    if len(call.words) > 1 and call.words[0].text not in ("", "-"):
        call.again(call.words[0], "trap")
    else:
        call.add(EffectKind.READ)


def _start_stop(call: ProgramCall) -> None:
    """Follow start-stop-daemon: -K ends processes, -S starts what -x names, which is followed with the other options."""
    call.take(word_set("-p -x -n -u -c -a -s -R -d -N --pidfile --exec --name --user --startas --signal --chuid --chdir --retry --ppid"), in_order=True,
              long=("--stop", "--start", "--test", "--status"))  # fmt: skip
    if call.has("-t", "--test", "-T", "--status", "-H", "--help"):
        call.add(EffectKind.READ)
    elif call.has("-K", "--stop"):
        call.add(EffectKind.PROCESS_KILL, call.value("-x", "--exec", "-n", "--name", "-p", "--pidfile") or "")
    else:
        call.add(EffectKind.SERVICE_START, call.value("-x", "--exec", "-a", "--startas") or "")


PROGRAMS: Mapping[str, Deed] = {
    "sudo": _sudo, "doas": _sudo, "sudoedit": _sudo, "run0": starts(_RUN0, alone="shell"), "su": _su, "runuser": _su, "pkexec": starts("--user", alone="shell"),
    "env": _env, "command": _command, "eval": _eval, "watch": _watch, "flock": _flock, "xargs": _xargs,
    "parallel": _parallel, "script": _script, "busybox": _busybox, "toybox": _busybox, "alias": _alias, "cd": _cd,
    "pushd": _cd, "trap": _trap,
    "nice": starts("-n --adjustment"),
    "nohup": starts(), "setsid": starts(), "timeout": starts("-k -s --kill-after --signal", skip=1),
    "stdbuf": starts("-i -o -e --input --output --error"), "time": starts("-f -o --format --output", writes="-o --output"), "coproc": starts(),
    "exec": starts("-a"), "builtin": starts(),
    "chroot": starts("--userspec --groups", skip=1, alone="shell"),
    "nsenter": starts("-t -S -G --target --setuid --setgid --wd", alone="shell"),
    "unshare": starts("--map-user --map-group -R --root --setuid --setgid -w", alone="shell"),


    "catchsegv": starts(), "fakeroot": starts(), "unbuffer": starts(), "rlwrap": starts(), "torsocks": starts(),
    "proxychains": starts("-f"), "proxychains4": starts("-f"), "dbus-run-session": starts(), "setarch": starts(skip=0),
    "linux32": starts(), "linux64": starts(), "numactl": starts("-N -m -C -p -i --cpunodebind --membind", alone="read"),
    "prlimit": _limit, "choom": _limit, "uclampset": _limit, "coresched": starts("-s --source -d --dest -t --dest-type", alone="shell"),
    "aa-exec": starts("-p --profile -n --namespace", alone="shell"), "setlock": starts(skip=1), "softlimit": starts("-a -c -d -f -l -m -o -p -r -s -t"),
    "logsave": starts(skip=1), "multitime": starts("-n -s -I -i -o -q -r"), "torify": starts(), "setpgid": starts(), "enosys": starts("-s --syscall -i --ioctl"),
    "cgexec": starts("-g"), "capsh": starts(alone="shell"),
    "screen": _screen, "tmux": _screen, "setpriv": starts("--reuid --regid --groups --inh-caps --bounding-set --ambient-caps"), "sg": starts(skip=1),
    "sem": starts("-j --jobs --id"), "chronic": starts(), "ifne": starts(), "dtach": starts("-A -c -n", skip=0),
    "caffeinate": starts(), "start-stop-daemon": _start_stop, "then": starts(),
    "do": starts(), "else": starts(), "!": starts(), "sshpass": starts("-p -f -d -P"), "systemd-inhibit": starts("--what --who --why --mode"),
    "systemd-cat": starts("-t -p --identifier --priority"), "lxc-attach": starts("-n --name", alone="shell"),
    "gosu": starts(skip=1, alone="shell"), "su-exec": starts(skip=1, alone="shell"), "tini": starts(), "dumb-init": starts(),
}  # fmt: skip
