"""Options, of programs that do something else, whose value is a command that they start; and shells inside other words.

Sources: the manual pages of the programs; GTFOBins (https://gtfobins.github.io) for which of them are known to be misused.
"""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import PATH_LIMIT

_STARTED = """
aria2c --on-download-complete --on-download-start --on-download-error --on-bt-download-complete --on-download-stop
bpftrace -c
certbot --pre-hook --post-hook --deploy-hook --renew-hook --manual-auth-hook --manual-cleanup-hook
cpio --rsh-command
dnsmasq --conf-script
fzf --preview --become
git --upload-pack --receive-pack
pidstat -e
pg_dump --compress-program
restic --password-command
rclone --password-command
borg --rsh --remote-path
rpm --pipe
rpmquery --pipe
scp -S
sort --compress-program
split --filter
start-stop-daemon -x --exec -a --startas
tar --rsh-command --rmt-command --to-command -I --use-compress-program --info-script -F --new-volume-script
tcpdump -z
wget --use-askpass
zip -TT --unzip-command
xterm -e
gnome-terminal -e
svn --diff-cmd --editor-cmd
pssh --askpass-command
unison -sshcmd
mosh --ssh --server
x11vnc -afteraccept -gone -accept
"""
_ON_OPTION: Mapping[str, frozenset[str]] = {
    words[0]: frozenset(words[1:]) for words in (line.split() for line in _STARTED.strip().splitlines())
}
_HARMLESS = re.compile(
    r"(?:/usr)?(?:/local)?(?:/bin/)?(?:ssh|rsh|rmt|gzip|pigz|bzip2|pbzip2|lbzip2|xz|zstd|zstdmt|lz4|lzop|unzip|rsync|borg|cat|less)"
    r"(?: -[\w=. @:/-]+)*"
)
_IN_VALUE = re.compile(
    r"(?i)^(?:apt::\S*invoke\S*|dpkg::\S*invoke\S*|dir::bin::\S+|apt::changelogs\S*|pager|core\.(?:pager|editor|sshcommand|hookspath|fsmonitor)|alias\.\w+|diff\.external|"
    r"credential\.helper|checkpoint-action|exec|ssh_command|proxycommand|unixexec:path)\s*[=:]+\s*(?:exec=)?!?(?P<text>.+)",
    re.DOTALL,
)
_SHELL = r"(?:/(?:usr/)?bin/)?(?:ba|da|z|k|c|tc|a|fi)?sh\b"
_INSIDE = re.compile(
    rf"(?:^|[\s;:'\"(,{{\[=|+\-])(?:os\.)?(?:!|exec\w*|system\w*|spawn\w*|popen\w*|execute|shell|pty\.spawn|esyscmd|syscmd|term|pipe|run|call|open3|proc_open|passthru|"
    rf"shell_exec|posix\.exec|sys\.process|Runtime\S*|ProcessBuilder|POSIX::\w+|sh X sh|lua_\w+)\W{{0,12}}{_SHELL}|^[:+]*!+\s*{_SHELL}|^:shell$|^[:+](?:terminal|term)\b|"
    rf"%\(\s*{_SHELL}|%{{lua:",
)
_SAYS = frozenset({
    "echo", "printf", "grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "cat", "ls", "find", "sed", "logger", "test", "[", "[[", "man", "apropos", "which",
    "git", "sudo", "doas", "env", "ssh", "su", "docker", "podman", "kubectl", "oc", "xargs", "bash", "sh", "dash", "zsh", "ksh", "tmux", "screen", "watch", "timeout",
    "nohup", "nice", "time", "useradd", "usermod", "chsh", "ansible", "salt", "awk", "gawk", "mawk", "nawk", "exec", "command", "eval", "alias", "parallel", "setsid",
    "crontab", "at", "systemd-run", "ausearch", "journalctl", "history", "tee", "lxc", "incus", "nerdctl", "chroot", "nsenter", "unshare", "busybox", "trap", "export",
})  # fmt: skip
"""Programs whose words are followed where they stand, or only said."""


def note_hooks(call: ProgramCall) -> None:
    """Follow the commands that a call starts by its options, and note a shell that is hidden in one of its words."""
    options = _ON_OPTION.get(call.name, frozenset())
    words = call.arguments
    for at, word in enumerate(words):
        name, equals, value = word.text.partition("=")
        if name in options and equals:
            _start(call, word.part(value))
        elif word.text in options and at + 1 < len(words):
            _start(call, words[at + 1])
        inside = (
            _IN_VALUE.match(word.text.removeprefix("--").removeprefix("-o").strip())
            if _may_hold(call.name, word)
            else None
        )
        if inside:
            _start(call, word.part(inside["text"]))
    if call.name in _SAYS:
        return
    if any(len(word.text) > PATH_LIMIT for word in words):
        call.dark(f"A word of {call.name[:60]} is too long to be looked into.")
    hidden = next((word for word in words if 3 < len(word.text) <= PATH_LIMIT and _INSIDE.search(word.text)), None)
    if hidden is not None:
        call.dark(f"A word of {call.name[:60]} starts a shell.")
        call.add(EffectKind.REMOTE_CODE, hidden.shown[:60], Certainty.LIKELY)


def _may_hold(name: str, word: Argument) -> bool:
    return (
        name in ("apt", "apt-get", "apt-cache", "aptitude", "git", "tar", "ssh", "scp", "sftp", "sshfs", "hg", "busctl")
        and "=" in word.text
    )


def _start(call: ProgramCall, command: Argument) -> None:
    if command.text.strip() and not _HARMLESS.fullmatch(command.text.strip()):
        call.again(command, call.name)
