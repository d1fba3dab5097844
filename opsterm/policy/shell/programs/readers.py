"""Programs that show and filter, with the options by which some of them do more.

Sources: manual pages of Debian 12; what each program can be talked into is from its own manual's list of options.
"""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.policy.effects import EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, by_option, fixed, reads
from opsterm.policy.word_set import word_set

_NAMES = reads(content=False)
_SHOWS = """
: [ [[ aa-status ac acct acpi apparmor_status apropos apt-cache apt-rdepends arch avcstat b2sum basename bc
biosdecode bmon break cal caller cksum clear cloud-id cmp compgen continue ctstat dc deborphan debsecan delv df dig
dir dircolors dirname dirs dmidecode dpkg-query drill dstat du dumpe2fs ec2metadata echo exa exit expr eza factor
false fc-list filefrag findmnt fping free getcap getcifsacl getconf getenforce getent getfacl getfattr getopt getopts
getsebool groups hadolint help host hostid htop hwinfo id iftop info inxi iostat iotop ipcalc ipcs isosize
iwgetid iwlist jobs jps jstack jstat klist kubeconform kubeval last lastb lastlog ldapsearch
ldapwhoami ldd let lldpctl lnstat local locale locate logname logout ls lsattr lsb_release lsblk lscpu lsdasd lshw
lsinitramfs lsipc lslocks lslogins lsmem lsmod lsns lsof lspci lsscsi lstopo lstopo-no-graphics lsusb
lvdisplay lvs mailq man matchpathcon md5sum mlocate mountpoint mpstat mtr named-checkconf named-checkzone namei
needs-restarting nethogs netstat nettop nfsiostat nfsstat nm nmblookup nproc nslookup nstat ntpq ntpstat numastat
numfmt objdump pathchk pg_controldata pg_isready pg_lsclusters pgrep pidof pidstat ping ping6 pinky plocate pmap
printf promtool ps pstree pvdisplay pvs pwd quota rc-status rdmsr readelf readlink readonly realpath repoquery
repquota return rpmquery rtacct rtmon sar seinfo seq sesearch sestatus sha1sum sha224sum sha256sum
sha384sum sha512sum shellcheck shift showkey showmount sipcalc size slabtop slapcat sleep smbstatus stat sum sysdig
systemd-cgls systemd-cgtop systemd-delta systemd-detect-virt systemd-escape systemd-path tcptraceroute test testparm
times tload top tput tracepath tracepath6 traceroute traceroute6 tree true tsort tty type ulimit uname
upower uprecords uptime uptimed users utmpdump vdir vgdisplay vgs virt-what vmstat w wait wbinfo whatis whereis which
who whoami whois xfs_info xxh64sum yamllint zdb
"""

_CONTENT = """
cat bat tac nl head wc cut tr rev paste join comm expand unexpand fold fmt od hexdump hd strings zcat bzcat xzcat zstdcat lz4cat
zless zmore bzless xzless look column pr colordiff diff3 sdiff cmp md5 base64 base32 cksum
ccze zdiff zcmp xzcmp xzdiff bzcmp bzdiff colrm isutf8 csvcut csvlook csvstat tail pygmentize lnav multitail ts
"""

_GREP_TAKES = "-e -f -m -A -B -C -d -D --regexp --file --max-count --context --after-context --before-context --include --exclude --exclude-dir --color --colour --label --binary-files -g --glob -t --type -T --type-not -j --threads --iglob -r --replace --max-depth"


def _grep(takes_pattern: str) -> Deed:
    """Return a deed of grep and its kin: the pattern is no path."""
    takes = word_set(takes_pattern)

    def deed(call: ProgramCall) -> None:
        call.take(takes, long=("--pre", "--recursive"))
        given = call.has("-e", "--regexp", "-f", "--file", "--files")
        paths = call.words if given else call.words[1:]
        if pre := call.value("--pre", "--hostname-bin"):
            call.again(pre, call.name)
        for path in paths:
            deeds.read(path, call.notes, call.frame, call.span)
        if not paths:
            call.add(EffectKind.READ)

    return deed


def _sets_the_clock(call: ProgramCall) -> None:
    """Note what date does: a word that does not begin with + sets the clock."""
    call.take(word_set("-d -s -r -f --date --set --reference --file -I"), long=("--set",))
    sets = call.has("-s", "--set") or any(not word.text.startswith("+") for word in call.words)
    call.add(EffectKind.SECURITY_WEAKEN if sets and not call.has("--help", "--version") else EffectKind.READ, "clock")


def _hostname(call: ProgramCall) -> None:
    """Note what hostname does: with a word it sets the name."""
    call.take(word_set("-F -b --file"))
    sets = bool(call.words) or call.has("-F", "--file")
    call.add(EffectKind.NETWORK if sets else EffectKind.READ, call.word(0))


def _pager(call: ProgramCall) -> None:
    """Note what less, more and man show; a word +! runs a command."""
    call.take(word_set("-o -O -p -P -x -b -h -j -k -t -T --log-file"), long=("--log-file",))
    for option in call.options:
        if option.name in ("-o", "-O", "--log-file") and option.value is not None and call.name == "less":
            deeds.write(option.value, call.notes, call.frame, call.span, replaces=True)
    for word in call.words:
        if word.text.startswith("+") and "!" in word.text:
            call.again(word.part(word.text.partition("!")[2]), call.name)
        else:
            deeds.read(word, call.notes, call.frame, call.span)
    call.add(EffectKind.READ)


def _man(call: ProgramCall) -> None:
    """Note what man shows; -P, -H and -C name a program that is started."""
    call.take(word_set("-P -H -C -M -S -L -m -s -e -p -R -T --pager --html --config-file --manpath --sections"))
    for value in call.values("-P", "-H", "--pager", "--html"):
        call.again(value, call.name)
    if call.has("-C", "--config-file"):
        call.dark("Its settings are in another file, which can name programs to start.")
    call.add(EffectKind.READ)


def _uniq(call: ProgramCall) -> None:
    """Note what uniq does: its second word is a file that it writes."""
    call.take(word_set("-f -s -w --skip-fields --skip-chars --check-chars"))
    if len(call.words) > 1:
        deeds.write(call.words[1], call.notes, call.frame, call.span, replaces=True)
    for word in call.words[:1]:
        deeds.read(word, call.notes, call.frame, call.span)
    call.add(EffectKind.READ)


def _set(call: ProgramCall) -> None:
    """Note what set switches: without a history nobody can look up what was done."""
    off = [word.text for word in call.arguments][:2] == ["+o", "history"]
    call.add(EffectKind.LOG_LOSS if off else EffectKind.READ, "history")


def _ulimit(call: ProgramCall) -> None:
    """Note what ulimit and umask do: with a value they set something of this shell only."""
    call.add(EffectKind.READ)


_LOG_READER = by_option(
    """
    log_loss: --vacuum-size --vacuum-time --vacuum-files --rotate --flush --relinquish-var --smart-relinquish-var
    write_config: --setup-keys --update-catalog
    write_file: --cursor-file
    """,
    "-u -p -t -S -U -o -g -D -M -c --unit --priority --since --until --output --identifier --grep --directory "
    "--machine --namespace --cursor --after-cursor --facility --output-fields --user-unit --root --image -i --file --cursor-file "
    "--vacuum-size --vacuum-time --vacuum-files",
    else_="read",
)

PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(_SHOWS.split(), _NAMES),
    **dict.fromkeys(
        _CONTENT.split(),
        reads("-n -c -d -f -b -t -w -s -a -e -j -v -k --lines --bytes --delimiter --fields -S --sleep-interval --pid -A -B"),
    ),
    "tr": reads(acts="--delete=read -d=read", content=False), "base64": reads("-w --wrap"), "base32": reads("-w --wrap"),
    **dict.fromkeys(("grep", "egrep", "fgrep", "zgrep", "zegrep", "zfgrep", "bzgrep", "xzgrep", "rg", "ag", "ack", "pcregrep", "ugrep"),
                    _grep(_GREP_TAKES)),
    **dict.fromkeys(("less", "more", "most", "zless"), _pager),
    "sort": reads("-k -t -S -T --key --field-separator --buffer-size --temporary-directory --parallel --files0-from --batch-size "
                  "-o --output --compress-program", acts="-o=write --output=write --compress-program=remote_code"),
    "uniq": _uniq, "tree": reads("-L -P -I -o --prune --filelimit --charset --sort --timefmt", acts="-o=write", content=False),
    "yes": fixed("dos?"), "date": _sets_the_clock, "hostname": _hostname, "domainname": _hostname, "dnsdomainname": _NAMES,
    "xxd": reads("-l -s -c -g -o -seek -len", acts="-r=write_file", most=1, beyond="write"),
    "diff": reads("-U -C -I -x -X -W --exclude --label --color --width --unified", acts="--output=write"),
    "file": reads("-m -f -F -e -P", acts="-C=write_file", content=False),
    "jq": reads("-f --from-file --arg --argjson --slurpfile --rawfile --indent --tab", skip=1),
    "yq": reads("-o --output-format -p --input-format --indent", acts="-i=write_file --inplace=write_file -y=read", skip=1),
    "xmllint": reads("--xpath --schema --encode --output -o --pattern", acts="--output=write -o=write"),
    "iconv": reads("-f -t -o --output --from-code --to-code", acts="-o=write --output=write"),
    "split": fixed("write_file", "-b -l -n -a -C", words=False), "csplit": fixed("write_file", words=False),
    "shuf": reads("-n -i -e -o --output --head-count", acts="-o=write --output=write", content=False),
    "dmesg": reads("-l -f -n -s -F --level --facility --since --until", content=False,
                   acts="-c=log_loss -C=log_loss --clear=log_loss --read-clear=log_loss -n=security_weaken -D=log_loss? "
                        "--console-off=log_loss?"),
    "journalctl": _LOG_READER,
    "ss": reads("-f -A -D -F --family --query", acts="-K=network+lockout? --kill=network+lockout? -D=write", content=False),
    "ps": reads("-o -p -C -u -U -g -t --sort --format --pid --ppid --user --cols --columns -O", content=False),
    "lsof": _NAMES, "top": _NAMES,
    "dmidecode": reads("-s -t -d --string --type --dump-bin", acts="--dump-bin=write", content=False),
    "tcpdump": reads("-i -c -w -r -s -C -G -W -z -Z -F -B", acts="-w=write -z=remote_code", content=False),
    "tshark": reads("-i -c -w -r -f -Y -a -b -T -e -d -o", acts="-w=write", content=False),
    "nmap": reads("-p -oN -oX -oG -oA --script -iL -e -S -D", acts="--script=dark -oN=write -oX=write -oG=write -oA=write",
                  dash_long=True, content=False),
    "iperf": _NAMES, "iperf3": reads("-c -p -t -i -P -b -B", acts="-s=security_weaken?", content=False),
    **dict.fromkeys(("history",), by_option("log_loss: -c -d -w -a", "-d", else_="read")),
    "env-show": _NAMES, "printenv": _NAMES, "blkid": reads("-o -s -t -c -L -U", content=False), "set": _set, "shopt": _NAMES,
    **dict.fromkeys(("export", "declare", "typeset", "alias-p", "unalias", "hash", "bind", "enable", "complete", "popd",
                     "ulimit", "umask", "fg", "bg", "disown", "mapfile", "readarray", "read", "unset", "stty", "reset", "mesg"), _ulimit),
    "logger": fixed("write_file", "-t -p -f --tag --priority", words=False), "wall": fixed("write_file", words=False),
    "write": fixed("write_file", words=False),
    "ldconfig": by_option("read: -p --print-cache", else_="write_config"),
    "fuser": reads("-n -s", acts="-k=process_kill+lockout? --kill=process_kill+lockout?", content=False),
    "smartctl": reads("-d -l -n -T -q -r -v", acts="-t=write_file --test=write_file -s=write_config -o=write_config -S=write_config --smart=write_config --offlineauto=write_config --saveauto=write_config --set=write_config -X=write_file --abort=write_file", content=False),
    "rdmsr": _NAMES, "wrmsr": fixed("kernel_param"),
    "clear": _NAMES, "strings": reads("-n -t -e"),
    "hexdump": reads("-n -s -e -f"), "od": reads("-A -t -N -j -w"), "rev": reads(),
    "openvt": fixed("dark"), "lastb": _NAMES,
    "exportfs": by_option("network: -a -r -i -o\nservice_stop: -u -f", "-o", else_="read"),
    "needrestart": by_option("service_restart: -r\nread: -b -p -l -w --version", "-r -m -u -c", else_="service_restart"),
    "man": _man, "systemd-analyze": Verbs(table="write_config: set-log-level set-log-target", else_="read", pattern=(
        (r"^(?:log-level|log-target|service-watchdogs) \S", "write_config"),)),
}  # fmt: skip
