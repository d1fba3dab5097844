"""Commands that only read, as data: which options and words of each are known to change nothing.

Everything here is an allow-list. An executable, an option or a word that is not listed is not read-only; that is
the whole safety of it. Sources: the manual pages of Debian 12 (coreutils 9.1, procps 4.0, iproute2 6.1, systemd 252,
util-linux 2.38, grep 3.8, findutils 4.9) and of the servers named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opsterm.policy.readonly_form import Reading, Words
from opsterm.policy.readonly_form import options as _set
from opsterm.policy.readonly_tools import TOOLS

_N, _P, _C = Words.NAMES, Words.PATHS, Words.CONTENT
_BARE = Reading()
_SHADOW = dict.fromkeys(("shadow", "gshadow"), "It shows password hashes.")

_UNIT = Reading(
    flags="alr", takes="ntpo", words=_N,
    long=_set("--no-pager --all --full --plain --no-legend --failed --quiet -q --value --user --system"),
    long_takes=_set("--type --state --property --lines --output"),
)  # fmt: skip
_SYSTEMCTL = Reading(
    flags="alr", takes="tpno",
    long=_set("--no-pager --all --full --plain --no-legend --failed --quiet --value --system -q"),
    long_takes=_set("--type --state --property --lines --output"),
    sub=dict.fromkeys(
        ("", "status", "is-active", "is-enabled", "is-failed", "is-system-running", "list-units", "list-unit-files",
         "list-timers", "list-sockets", "list-dependencies", "list-jobs", "get-default"),
        _UNIT,
    ) | {"show": replace(_UNIT, needs=("-p|--property",))},  # all of a unit has its environment in it
)  # fmt: skip

_IP_SHOW = Reading(words=_N, most=4)
_IP_OBJECT = Reading(sub={"": _IP_SHOW, "show": _IP_SHOW, "list": _IP_SHOW, "ls": _IP_SHOW})
_IP_ROUTE = Reading(sub={**_IP_OBJECT.sub, "get": Reading(words=_N, least=1, most=3)})
_IP = Reading(
    flags="46sdjopch",
    long=_set("-br -brief -4 -6 -s -stats -statistics -d -details -j -json -p -pretty -o -c -color"),
    sub={
        **dict.fromkeys(("a", "addr", "address", "l", "link", "n", "neigh", "neighbour", "rule", "maddr"),
                _IP_OBJECT),
        **dict.fromkeys(("r", "route"), _IP_ROUTE),
    },
)  # fmt: skip

_COUNTED = Reading(words=Words.COUNT, most=2)
_APT = Reading(
    sub={
        "list": Reading(long=_set("--installed --upgradable --upgradeable -a --all-versions"), words=_N),
        "show": Reading(words=_N, least=1),
        "policy": Reading(words=_N),
        "search": Reading(words=_N, least=1),
    }
)
_STATUS = Reading(sub={"": _BARE, "status": _BARE, "show": _BARE})
_HASH = Reading(flags="bt", words=_C, least=1)
_GREP = Reading(
    flags="EFGPivwxclLoqsnhHabrRz", takes="mABCe", number_dash=True, words=Words.PATTERN_CONTENT, least=1,
    long=_set("--color --colour --color=never --color=auto --ignore-case --invert-match --count --line-number "
              "--extended-regexp --fixed-strings --word-regexp --files-with-matches --only-matching --quiet"),
    long_takes=_set("--max-count --context --after-context --before-context --regexp --include --exclude"),
)  # fmt: skip
_SIZES = _set("--human-readable --si --summarize --total --apparent-size --all --one-file-system --inodes --local")

READ_ONLY: Mapping[str, Reading] = {
    # who, what and how long
    "true": _BARE, "false": _BARE, "test": Reading(words=Words.TESTS), "[": Reading(words=Words.TESTS), "pwd": _BARE,
    "whoami": _BARE, "tty": _BARE, "arch": _BARE, "nproc": Reading(long=_set("--all")),
    "uptime": Reading(flags="ps", long=_set("--pretty --since")),
    "uname": Reading(flags="asnrvmpio", long=_set("--all --kernel-release")),
    "hostname": Reading(flags="fiIsdAy", long=_set("--fqdn --short --all-ip-addresses --all-fqdns --domain --long")),
    "hostnamectl": _STATUS, "timedatectl": _STATUS, "localectl": _STATUS,
    "loginctl": Reading(long=_set("--no-pager"), sub={"": _BARE, "list-sessions": _BARE, "list-users": _BARE}),
    "date": Reading(flags="uRI", takes="dr", long=_set("--utc --rfc-email --iso-8601"), long_takes=_set("--date"),
                    words=Words.TIME_FORMAT, most=1),
    "id": Reading(flags="unGgrz", words=_N, most=1), "groups": Reading(words=_N, most=1),
    "who": Reading(flags="abdHlmqrTu"), "w": Reading(flags="hsfi", words=_N, most=1),
    "last": Reading(flags="adFiwx", takes="nst", number_dash=True, words=_N), "lastlog": Reading(takes="bu"),
    "echo": Reading(flags="ne", words=_N), "which": Reading(flags="a", words=_N, least=1),
    # processor, memory, processes
    "free": Reading(flags="bkmghlwt", long=_set("--human --si --total --wide --mega --giga")),
    "lscpu": Reading(flags="eapJ", long=_set("--extended --json")), "lsmem": Reading(flags="a"),
    # Where ps finds a fault in its words it reads them all again the BSD way, in which e is the environment.
    "ps": Reading(flags="AaefFlLTjyHwdM", takes="opC", bsd="axufwljvhm", words=_N, most=1,
                  long=_set("--no-headers --forest --headers"),
                  long_takes=_set("--sort --ppid --pid --format --cols --columns")),
    "pgrep": Reading(flags="alxcofniv", takes="uUPg", words=_N, most=1),
    "pidof": Reading(flags="sx", words=_N, least=1),
    "top": Reading(flags="bcHiS1", takes="nopuUd", needs=("-b", "-n"), up_to={"-n": 10, "-d": 6}),
    "vmstat": Reading(flags="asdwtn", takes="S", words=Words.COUNT, most=2),
    "iostat": Reading(flags="cdhkmNtxyz", takes="p", words=Words.COUNT, most=2),
    "mpstat": Reading(flags="AuV", takes="PI", words=Words.COUNT, most=2),
    "sar": Reading(flags="AbBdFHqruSvwWy", takes="nP", words=Words.COUNT, most=2),
    "lsmod": _BARE, "lspci": Reading(flags="vknmtD"), "lsusb": Reading(flags="vt"),
    "sysctl": Reading(flags="anN", long=_set("--all --values --names"), words=_N),
    # disks and files
    "df": Reading(flags="haTilkmHP", takes="txB", long=_SIZES | _set("--print-type"), words=_P,
                  long_takes=_set("--type --exclude-type --output --block-size")),
    "du": Reading(flags="sahxckmbSHL0", takes="dtB", long=_SIZES, words=_P,
                  long_takes=_set("--max-depth --exclude --threshold --block-size")),
    "ls": Reading(flags="alhrtSRdinF1AgGopsZULHBcuXmxCkbNqQv", words=_P,
            long_takes=_set("--sort --time-style --time"),
                  long=_set("--all --almost-all --human-readable --recursive --directory --full-time --color=never "
                            "--group-directories-first --color=auto --color")),
    "stat": Reading(flags="Lft", takes="c", long_takes=_set("--format --printf"), words=_P, least=1),
    "file": Reading(flags="bikLhr0", words=_P, least=1, long=_set("--brief --mime --mime-type")),
    "readlink": Reading(flags="fenmq", words=_P, least=1), "realpath": Reading(flags="emsq", words=_P, least=1),
    "basename": Reading(words=_N, least=1), "dirname": Reading(words=_N, least=1),
    "find": Reading(words=Words.TREES),
    "lsblk": Reading(flags="abdfilmnpPrStJ", takes="oe", words=_P, long_takes=_set("--output"),
                     long=_set("--json --fs")),
    "findmnt": Reading(flags="aclJnrSTDADu", takes="ot", words=_P, long=_set("--verify --json --real --df"),
                       long_takes=_set("--output --types --target --source")),
    "mount": Reading(flags="l"),
    "swapon": Reading(flags="s", long=_set("--show --summary"), needs=("-s|--show|--summary",)),
    # contents
    "cat": Reading(flags="nbsAETvet", words=_C), "nl": Reading(flags="", words=_C),
    "head": Reading(flags="qvz", takes="nc", number_dash=True, words=_C, long_takes=_set("--lines --bytes")),
    "tail": Reading(flags="qvz", takes="nc", number_dash=True, words=_C, long_takes=_set("--lines --bytes"),
                    endless=_set("-f -F --follow --retry")),
    "grep": _GREP, "egrep": _GREP, "fgrep": _GREP, "zcat": Reading(words=_C, least=1),
    "wc": Reading(flags="lwcmL", words=_C), "sort": Reading(flags="nrhufbdgMVRcCsz", takes="kt", words=_C),
    "uniq": Reading(flags="cdDiuz", takes="fsw"), "cut": Reading(flags="sz", takes="dfcb", words=_C),
    "tr": Reading(flags="dscC", words=_N, least=1, most=2), "column": Reading(flags="tx", takes="sc"),
    "md5sum": _HASH, "sha1sum": _HASH, "sha256sum": _HASH, "sha512sum": _HASH, "cksum": Reading(words=_C, least=1),
    # services and logs
    "systemctl": _SYSTEMCTL,
    "journalctl": Reading(flags="xekralqb", takes="unpgtSUo", number_dash=True,
                          long=_set("--no-pager --boot --dmesg --disk-usage --list-boots --utc --no-hostname --reverse "
                                    "--all --no-full --quiet --catalog --pager-end"),
                          long_takes=_set("--unit --lines --since --until --priority --output --grep --identifier"),
                          endless=_set("-f --follow")),
    "dmesg": Reading(flags="THktuxer", takes="lf",
            long=_set("--ctime --human --decode --kernel --userspace --reltime "
                     "--nopager --notime"), long_takes=_set("--level --facility --since --until"),
                     endless=_set("-w --follow -W")),
    "service": Reading(words=Words.STATUS, long=_set("--status-all")),
    "crontab": Reading(flags="l", takes="u", needs=("-l",)), "atq": _BARE,
    # network
    "ip": _IP,
    "ss": Reading(flags="tulpnaeimosrx460wHO", words=_N, long=_set("--tcp --udp --listening --processes --numeric "
                  "--all --summary --no-header")),
    "netstat": Reading(flags="tulpnaeirsW46"), "arp": Reading(flags="an"), "route": Reading(flags="ne"),
    "ping": Reading(flags="46nq", takes="cWw", words=_N, least=1, most=1, needs=("-c",), up_to={"-c": 20, "-w": 60}),
    "dig": Reading(flags="46", takes="tx", words=_N, least=1),
    "host": Reading(flags="46av", takes="tW", words=_N, least=1),
    "nslookup": Reading(words=_N, least=1, most=2), "getent": Reading(words=_N, least=1, never=_SHADOW),
    "traceroute": Reading(flags="46nIT", takes="mqw", words=_N, least=1, most=1),
    "chronyc": Reading(flags="n", sub={"tracking": _BARE, "sources": Reading(flags="v"), "activity": _BARE}),
    "ntpq": Reading(flags="pn", needs=("-p",)),
    # packages
    "rpm": Reading(flags="qaiflRcdsvV", long=_set("--last --changelog --requires --provides"), needs=("-q|-V",),
            words=_P),
    "dpkg": Reading(flags="lsLSV", words=_N, needs=("-l|-s|-L|-S|-V|--list",), long=_set("--list --audit")),
    "dpkg-query": Reading(flags="lsLSW", takes="f", words=_N, needs=("-l|-s|-L|-S|-W",)),
    "apt": _APT, "apt-cache": Reading(sub={k: v for k, v in _APT.sub.items() if k != "list"}),
    # servers that can check their own configuration
    "nginx": Reading(flags="tvVq", needs=("-t|-v|-V",)), "sshd": Reading(flags="tT", needs=("-t|-T",)),
    "apachectl": Reading(flags="tvVS", sub={"": Reading(flags="tvVS", needs=("-t|-v|-V|-S",)), "configtest": _BARE}),
    "visudo": Reading(flags="c", needs=("-c",)),
    "getenforce": _BARE, "sestatus": Reading(flags="v"), "aa-status": _BARE,
    **TOOLS,
}  # fmt: skip
"""Executable -> how it may be called."""

FIND_TESTS: Mapping[str, int] = {
    "-name": 1, "-iname": 1, "-path": 1, "-ipath": 1, "-type": 1, "-maxdepth": 1, "-mindepth": 1, "-size": 1,
    "-mtime": 1,
    "-mmin": 1, "-ctime": 1, "-cmin": 1, "-atime": 1, "-amin": 1, "-newer": 1, "-user": 1, "-group": 1, "-perm": 1,
    "-links": 1, "-inum": 1, "-fstype": 1, "-empty": 0, "-nouser": 0, "-nogroup": 0, "-readable": 0, "-writable": 0,
    "-xdev": 0, "-mount": 0, "-daystart": 0, "-print": 0, "-print0": 0, "-ls": 0, "-not": 0, "!": 0, "-a": 0, "-o": 0,
    "-and": 0, "-or": 0, "-prune": 0, "-printf": 1, "-depth": 0, "-quit": 0,
}  # fmt: skip
"""Tests of find that change nothing, with how many words each takes."""

POWERSHELL: frozenset[str] = _set(
    "get-service get-process get-date get-volume get-disk get-hotfix get-netipaddress get-netipconfiguration "
    "get-computerinfo get-psdrive get-uptime get-timezone get-netadapter get-scheduledtask hostname whoami "
    "get-ciminstance get-localuser get-localgroup get-localgroupmember get-nettcpconnection get-netroute get-smbshare "
    "get-dnsclientserveraddress get-physicaldisk get-partition get-netfirewallprofile get-windowsfeature"
)
"""Cmdlets that only read, in lower case; allowed with plain words and these options."""

POWERSHELL_OPTIONS: frozenset[str] = _set("-name -id -classname -state -group")

POWERSHELL_FILTERS: frozenset[str] = _set(
    "select-object sort-object measure-object format-table format-list out-string"
)
"""What may stand behind a |, under its full name: a short one can be given another meaning there."""

POWERSHELL_FILTER_OPTIONS: frozenset[str] = _set(
    "-property -first -last -unique -descending -autosize -wrap -sum -average -maximum -minimum -expandproperty -width"
)

CMD: frozenset[str] = frozenset({
    "ver", "hostname", "whoami", "whoami /all", "whoami /groups", "whoami /priv", "systeminfo", "ipconfig",
    "ipconfig /all", "route print", "arp -a", "netstat -an", "netstat -ano", "tasklist", "tasklist /svc", "net start",
    "net share", "net accounts", "sc query", "driverquery", "query user", "quser", "w32tm /query /status",
    "schtasks /query", "vol",
})  # fmt: skip
"""Whole lines of cmd that only read, in lower case. Nothing is taken apart: what % ^ & | do there is not followed."""

STARTERS: Mapping[str, str] = {
    **dict.fromkeys(("sudo", "doas", "su", "runuser", "pkexec"), "It runs as another user ({0})."),
    **dict.fromkeys(
        ("xargs", "env", "nohup", "timeout", "nice", "ionice", "setsid", "watch", "time", "command", "exec", "eval",
         "flock", "chroot", "unshare", "nsenter", "strace", "parallel", "busybox", "systemd-run", "at", "batch"),
        "It starts another command through {0}."),
    **dict.fromkeys(
        ("sh", "bash", "dash", "zsh", "ksh", "fish", "python", "python3", "perl", "ruby", "node", "php", "awk",
                "gawk",
         "mawk", "sed", "ed", "vi", "vim", "nano", "source", ".", "psql", "mysql", "sqlite3", "pwsh", "powershell"),
        "It hands text to {0}, which can do anything."),
    **dict.fromkeys(
        ("ssh", "scp", "sftp", "rsync", "curl", "wget", "nc", "ncat", "socat", "telnet", "ftp"),
        "It sends or fetches over the network ({0})."),
    **dict.fromkeys(
        ("printenv", "export", "set", "env"),
        "It can show what is in the environment, which may hold secrets ({0})."),
}  # fmt: skip
"""Executables whose refusal deserves a sentence of its own."""
