"""Processes, supervisors, jobs of the clock, and the end of the system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.jobs import jobs_of
from opsterm.policy.shell.notes import ShellText
from opsterm.policy.shell.programs.calling import Deed, Verbs, by_option, fixed, note, reads
from opsterm.policy.shell.programs.options import may_be_value
from opsterm.policy.shell.programs.units import CARRIES_US, GUARDS
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_HARMLESS_SIGNALS = frozenset({"0", "WINCH", "CONT", "SIGCONT", "SIGWINCH", "18", "28"})
_RELOADS = frozenset({"HUP", "SIGHUP", "1", "USR1", "SIGUSR1", "10", "USR2", "SIGUSR2", "12"})


def _signal(call: ProgramCall) -> str:
    """Return the signal of kill and its kin: -9, -KILL, -s KILL; TERM when not said."""
    for at, word in enumerate(call.arguments):
        text = word.text
        if text in ("-s", "--signal", "-n") and at + 1 < len(call.arguments):
            return call.arguments[at + 1].text.upper()
        if text.startswith("--signal="):
            return text.partition("=")[2].upper()
        if re.fullmatch(r"-(?:\d+|[A-Z][A-Z0-9]+)", text):
            return text[1:].upper()
    return "TERM"


_OF_OURS = re.compile(
    r"(?:pidof|pgrep|cat|<|lsof)\b[^)`]*\b(?:sshd|dropbear|NetworkManager|systemd-networkd|wpa_supplicant|dhclient|openvpn)|:22\b"
)


def _kill(call: ProgramCall) -> None:
    """Note which processes get which signal; -1 is all of them."""
    words = [word for word in call.arguments if not word.text.startswith("-")]
    if any(word.text in ("-l", "-L", "--list", "--table", "--help", "-V") for word in call.arguments[:1]):
        call.add(_K.READ)
        return
    signal = _signal(call)
    texts = [word.text for word in call.arguments]
    everything = "-1" in texts[1:] or (texts[:1] == ["-1"] and not words)
    first = any(word.text == "1" and "$" not in word.raw for word in words[-1:])  # `$$` is the shell itself
    if everything or (first and signal not in _RELOADS):
        call.add(_K.PROCESS_KILL, "all processes" if everything else "1")
        call.add(_K.DOS, "all processes")
        call.add(_K.LOCKOUT, "all processes", _C.LIKELY)
        return
    named: Sequence[Argument | str] = words or [""]
    for word in named:
        _note_kill(call, signal, word)
        if isinstance(word, Argument) and _OF_OURS.search(word.raw) and signal not in _HARMLESS_SIGNALS | _RELOADS:
            call.add(_K.LOCKOUT, word, _C.LIKELY)


def _note_kill(call: ProgramCall, signal: str, what: Argument | str) -> None:
    if signal not in _HARMLESS_SIGNALS and isinstance(what, Argument) and "sshd" in what.raw:
        call.add(_K.LOCKOUT, "sshd", _C.LIKELY)
    if signal in _HARMLESS_SIGNALS:
        call.add(_K.READ, what)
    elif signal in _RELOADS and call.name == "kill":
        call.add(_K.SERVICE_RESTART, what, _C.POSSIBLE)
    else:
        hard = signal in ("9", "KILL", "SIGKILL", "STOP", "SIGSTOP", "19") or call.name != "kill"
        own = isinstance(what, Argument) and what.text == "1" and "$$" in what.raw
        call.add(_K.PROCESS_KILL, "$$, the shell itself" if own else what, _C.CERTAIN if hard else _C.LIKELY)


def _pkill(call: ProgramCall) -> None:
    """Note processes that are killed by their name or their owner."""
    signal = _signal(call)
    call.take(word_set("-s -u -U -g -G -t -P -F -O -y --signal --user --euid --uid --group --parent --terminal --ns"))
    if call.has("-l", "--list", "--help", "-V", "--version") and call.name == "killall":
        call.add(_K.READ)
        return
    owners = call.values("-u", "-U", "--user", "--euid", "--uid", "-t")
    for word in (
        [word for word in call.words if word.text.upper() != signal]
        or owners
        or [Argument(text="", raw="", span=call.span)]
    ):
        _note_kill(call, signal, word)
        name = word.text.strip("^$")
        if signal not in _HARMLESS_SIGNALS and (
            CARRIES_US.fullmatch(name) or name in ("bash", "sh", "systemd", "init", "")
        ):
            call.add(_K.LOCKOUT, word, _C.LIKELY)
        if GUARDS.fullmatch(name):
            call.add(_K.SECURITY_WEAKEN, word)
    if owners:
        call.add(_K.LOCKOUT, owners[0], _C.POSSIBLE)


def _shutdown(call: ProgramCall) -> None:
    """Note when the host goes down; -c takes that back."""
    call.take(())
    ends = call.has("-r", "-h", "-P", "-H", "--reboot", "--halt", "--poweroff")
    if call.has("--help", "-k") or (call.has("-c", "--show") and not ends):
        call.add(_K.READ if not call.has("-c") else _K.WRITE_FILE)
    elif call.has("-r", "--reboot"):
        call.add(_K.REBOOT)
    else:
        note(call, "reboot+service_stop+lockout")


def _init(call: ProgramCall) -> None:
    """Note a runlevel that is entered."""
    level = call.arguments[0].text if call.arguments else ""
    specs = {"0": "reboot+service_stop+lockout", "6": "reboot", "1": "service_stop+lockout", "s": "service_stop+lockout",
             "S": "service_stop+lockout", "q": "write_config", "u": "service_restart"}  # fmt: skip
    note(call, specs.get(level, "service_stop+lockout?" if level else "read"), level)


def _crontab(call: ProgramCall) -> None:
    """Note a crontab that is shown, replaced, edited or removed."""
    call.take(word_set("-u -s"))
    if call.has("-l", "-V"):
        call.add(_K.READ)
    elif call.has("-r"):
        note(call, "schedule+data_loss", "crontab")
    else:
        call.add(_K.SCHEDULE, call.words[0] if call.words else "crontab")
        if call.word(0) == "/dev/null":
            call.add(_K.DATA_LOSS, "crontab")
        if call.has("-e"):
            call.dark("An editor opens the crontab, and what is changed there is not known.")
        feed = call.frame.feed
        if feed is not None and feed.origin == "text":
            _jobs(call, feed.text)


def _jobs(call: ProgramCall, text: str) -> None:
    """Read the commands of lines of a crontab."""
    for job in jobs_of(text):
        call.again(Argument(text=job, raw=job, span=call.span), "crontab")


def _at(call: ProgramCall) -> None:
    """Note a job for later, and read it where it stands in the text."""
    call.take(word_set("-f -q -t -d -r"), in_order=False)
    if call.name == "atq" or call.has("-l", "-V", "-c"):
        call.add(_K.READ)
        return
    if call.name == "atrm" or call.has("-d", "-r"):
        call.add(_K.SCHEDULE, call.words[0] if call.words else "")
        return
    call.add(_K.SCHEDULE, " ".join(word.text for word in call.words))
    feed = call.frame.feed
    if feed is not None and feed.origin == "text":
        call.notes.read(ShellText(feed.text, base=feed.base, span=feed.span), call.deeper(call.name))
    else:
        call.dark("The job that runs later is not shown here.")


_RUN_TAKES = word_set(
    "-u -p -H -M -C -E --unit --property --host --machine --capsule --setenv --description --slice --service-type --uid --gid --nice "
    "--working-directory --root-directory --exec-group --expand-environment --background --json --job-mode --output --on-active --on-boot "
    "--on-startup --on-unit-active --on-unit-inactive --on-calendar --path-property --socket-property --timer-property"
)
_RUN_FLAGS = word_set(
    "-r -d -t -T -P -q -G -S -R -v -h --help --version --no-ask-password --user --system --scope --slice-inherit --no-block --no-pager --wait "
    "--remain-after-exit --send-sighup --same-dir --same-root-dir --pty --pty-late --pipe --quiet --verbose --collect --shell --ignore-failure "
    "--on-timezone-change --on-clock-change"
)


def _systemd_run(call: ProgramCall) -> None:
    """Follow systemd-run: at once, or later with a timer."""
    call.take(_RUN_TAKES, long=_RUN_FLAGS, in_order=True)
    if any(option.name.startswith("--on-") for option in call.options):
        call.add(_K.SCHEDULE, call.words[0] if call.words else "")
    if call.has("-S", "--shell"):
        call.dark("It opens a shell, and what is typed there is not known.")
        call.add(_K.PRIVILEGE, "shell")
    elif call.words:
        call.start(call.words, "systemd-run")
        if len(call.words) > 1 and may_be_value(call, call.words[0], _RUN_FLAGS):
            call.start(call.words[1:], "systemd-run")
    elif not call.options or call.has("--help", "--version"):
        call.add(_K.READ)


def _supervised(table: str) -> Deed:
    return Verbs(table=table, takes="-c -s -u -p -n")


PROGRAMS: Mapping[str, Deed] = {
    "monit": _supervised(
        "read: status summary report validate version\nservice_start: start monitor\nservice_stop: stop unmonitor quit\nservice_restart: restart reload"),
    "supervisorctl": _supervised(
        "read: status pid tail avail maintail help version\nservice_start: start\nservice_stop: stop shutdown remove\n"
        "service_restart: restart reload update reread add signal\nlog_loss: clear"),
    "pm2": _supervised("read: list ls status show describe logs monit info jlist prettylist ping\nservice_start: start\n"
                       "service_stop: stop delete kill del\nservice_restart: restart reload scale\nlog_loss: flush\nwrite_config: save startup"),
    "kill": _kill, "pkill": _pkill, "killall": _pkill, "killall5": fixed("dos+lockout"), "skill": _pkill, "xkill": fixed("process_kill"),
    "renice": fixed("kernel_param?"), "tkill": _kill, "snice": fixed("kernel_param?"),
    "shutdown": _shutdown, "reboot": fixed("reboot"), "poweroff": fixed("reboot+service_stop+lockout"),
    "halt": fixed("reboot+service_stop+lockout"), "init": _init, "telinit": _init, "runlevel": reads(content=False),
    "crontab": _crontab, "at": _at, "batch": _at, "atq": _at, "atrm": _at, "systemd-run": _systemd_run,
    "loginctl": Verbs(table="""
        read: list-sessions session-status show-session list-users user-status show-user list-seats seat-status show-seat
        process_kill+lockout~: terminate-session kill-session terminate-user kill-user terminate-seat
        write_config: enable-linger disable-linger lock-session unlock-session activate attach flush-devices"""),
    "timedatectl": Verbs(table="""
        read: status show list-timezones timesync-status show-timesync
        security_weaken: set-time set-ntp set-local-rtc
        write_config: set-timezone ntp-servers revert"""),
    "hostnamectl": Verbs(table="read: status show\nnetwork: set-hostname hostname\nwrite_config: set-icon-name set-chassis set-deployment set-location"),
    "localectl": Verbs(table="read: status list-locales list-keymaps\nwrite_config: set-locale set-keymap set-x11-keymap"),
    "machinectl": Verbs(table="""
        read: list status show list-images image-status show-image
        infra+service_stop: poweroff terminate kill stop reboot
        infra: start enable disable clone copy-to copy-from bind set-limit
        infra+delete: remove clean
        dark: login shell pull-tar pull-raw import-tar import-raw"""),
    "busctl": Verbs(table="read: list status tree introspect get-property monitor capture\ndark: call set-property emit"),
    "coredumpctl": Verbs(table="read: list info\ndark: debug dump gdb"), "bootctl": Verbs(takes="--esp-path --boot-path --root --image --efi-boot-option-description --install-source", table="read: status list is-installed kernel-identify kernel-inspect\nboot: install update remove set-default set-oneshot"),
    "hwclock": by_option("security_weaken: -w -s --systohc --hctosys --set --adjust -a --setepoch --param-set --vl-clear", "--date", else_="read"),
    "ntpdate": by_option("read: -q", else_="security_weaken"),
    "chronyc": Verbs(table="""
        read: tracking sources sourcestats activity ntpdata clients serverstats rtcdata selectdata authdata smoothing dump
        security_weaken: makestep settime offline online burst add/server delete manual reset/sources shutdown
        """),
    "rndc": Verbs(table="read: status dumpdb recursing stats\nservice_stop: stop halt\nservice_restart: reload reconfig flush freeze thaw sync retransfer refresh"),
    "logrotate": by_option("read: -d --debug", "-s --state", else_="write_file"),
}  # fmt: skip
