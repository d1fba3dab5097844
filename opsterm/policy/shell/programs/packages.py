"""Package managers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, by_option, fixed, note
from opsterm.policy.shell.programs.options import is_trial, note_unlisted
from opsterm.policy.shell.programs.strangers import note_destroying_word
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_WAY_IN = re.compile(
    r"openssh.*|ssh|network-manager|NetworkManager.*|ifupdown.*|netplan.*|systemd.*|sudo|libc6|glibc.*|linux-image.*|kernel.*|dbus.*|"
    r"libpam.*|pam|sssd.*|bash|coreutils|util-linux|init.*|iproute2?|dhcp.*|isc-dhcp.*|wpasupplicant|dpkg|apt|rpm|yum|dnf|e2fsprogs|login|passwd"
)
_GUARDS = re.compile(
    r"auditd?|audit-.*|rsyslog|syslog-ng|aide|fail2ban|ufw|firewalld|nftables|iptables.*|apparmor.*|selinux.*|clamav.*|chrony|unattended-upgrades|crowdsec|"
    r"falcon-sensor|wazuh.*|ossec.*|osquery"
)
_UNSAFE = "--allow-unauthenticated --nogpgcheck --no-gpg-checks --allow-untrusted --no-gpg-check --force-yes --allow-downgrades --allow-remove-essential --nodeps --force-all --trusted-host"


def _only_tries(call: ProgramCall, trial: Collection[str], spec: str) -> bool:
    """Return whether packages stay as they are: other verbs pay no heed to a trial, and some options undo it."""
    undone = (call.has("-y", "--assumeyes") and call.has("--assumeno")) or any(
        "simulate" in value.text.lower() or not value.known for value in call.values("-o", "--option")
    )
    verb = call.words[0].span.start if call.words else 0
    early = call.name == "zypper" and any(o.name == "-D" and o.word.span.start < verb for o in call.options)
    changes = all(part.startswith("package_") for part in spec.split("+"))
    return changes and not undone and not early and is_trial(call, trial)


def _apt_like(table: str, takes: str, dry: str, fetches: str = "") -> Deed:
    """Return a deed of a manager of system packages: what is removed may be what we came in by.

    Args:
        table: its verbs.
        takes: options with a value.
        dry: options with which packages stay as they are.
        fetches: options with which packages are only fetched.
    """
    verbs = Verbs(table=table, takes=takes)
    trial, options, unsafe, fetching = word_set(dry), word_set(takes), word_set(_UNSAFE), word_set(fetches)

    def deed(call: ProgramCall) -> None:
        call.take(options, long=(*trial, *unsafe, *fetching))
        spec, packages = verbs.verb_of(call)
        if asks_for_help(call) or _only_tries(call, trial, spec):
            call.add(_K.READ)
            return
        if spec.startswith(("package_add", "package_upgrade")) and _only_tries(call, fetching, spec):
            call.add(_K.WRITE_FILE, "fetched packages")
            return
        note_packages(call, spec, packages)
        if spec == "read":
            note_unlisted(call, options)
        if any(option.name in unsafe for option in call.options):
            call.add(_K.SECURITY_WEAKEN, "package signatures", _C.LIKELY)

    return deed


def note_packages(call: ProgramCall, spec: str, packages: Sequence[Argument]) -> None:
    """Note what happens to packages; of those that are removed also whether we came in by them.

    Args:
        call: the command.
        spec: its effects, as `note` reads them.
        packages: the words that name them.
    """
    named: Sequence[Argument | str] = packages[:12] or [""]
    for package in named:
        text = package if isinstance(package, str) else package.text
        removed = "remove" in spec or (text.endswith("-") and "package_add" in spec)
        note(call, "package_remove" if removed and "remove" not in spec else spec, package)
        name = text.rstrip("-*").partition("=")[0]
        if removed and text and (_WAY_IN.fullmatch(name) or not name):
            call.add(_K.LOCKOUT, package, _C.LIKELY if name else _C.POSSIBLE)
        if removed and _GUARDS.fullmatch(name):
            call.add(_K.SECURITY_WEAKEN, package)
        if re.match(r"(?:https?|ftp)://", text):
            call.add(_K.REMOTE_CODE, package, _C.LIKELY)


_APT = """
    read: list show policy search depends rdepends madison showpkg showsrc stats dump unmet pkgnames download changelog check indextargets
    read: why why-not versions showhold showauto showmanual
    write_file: update clean autoclean auto-clean source edit-sources
    package_add: install reinstall build-dep satisfy
    package_upgrade: upgrade safe-upgrade
    package_upgrade+package_remove: dist-upgrade full-upgrade
    package_remove: remove purge autoremove autopurge auto-remove dselect-upgrade
    write_config: hold unhold auto manual unmarkauto markauto minimize-manual keep-all
"""
_DNF = """
    read: list info search provides whatprovides repolist repoquery check-update history/list history/info updateinfo deplist repoinfo
    read: group/list group/info module/list module/info alias/list if check grouplist groupinfo versionlock/list history version needs-restarting advisory
    write_file: makecache clean download
    package_add: install localinstall reinstall groupinstall group/install module/install builddep module/enable in
    package_upgrade: update upgrade upgrade-minimal update-minimal distro-sync distrosync
    package_upgrade+package_remove: system-upgrade swap downgrade offline-upgrade history/undo history/rollback history/redo module/reset module/switch-to
    package_remove: remove erase autoremove groupremove group/remove module/remove module/disable
    write_config: config-manager mark versionlock versionlock/add versionlock/delete versionlock/clear copr
    dark: shell
"""
_ZYPPER = """
    read: search se info if list-updates lu list-patches lp repos lr services ls packages pa patterns pt products pd what-provides wp
    read: patch-check pchk patch-info verify-d targetos tos locks ll ps products licenses needs-rebooting
    write_file: refresh ref clean cc
    package_add: install in source-install si install-new-recommends inr verify ve
    package_upgrade: update up patch
    package_upgrade+package_remove: dist-upgrade dup
    package_remove: remove rm
    write_config: addrepo ar removerepo rr modifyrepo mr addlock al removelock rl addservice as
"""
_APK = """
    read: info list search policy stats version audit dot manifest verify
    write_file: update fetch cache
    package_add: add fix
    package_upgrade: upgrade
    package_remove: del
"""
_SNAP = """
    read: list find info version changes tasks services logs connections interfaces get known model warnings saved
    package_add: install try
    package_upgrade: refresh revert
    package_remove: remove
    package_remove+data_loss: forget
    service_stop: stop disable
    service_start: start enable
    service_restart: restart
    write_config: set unset connect disconnect alias unalias prefer switch
    read_secret?: download
"""
_FLATPAK = """
    read: list info search history remotes remote-ls remote-info ps permissions
    package_add: install
    package_upgrade: update
    package_remove: uninstall remove
    write_config: remote-add remote-delete remote-modify override config mask pin
    dark: run
"""
_PIP = """
    read: list show freeze check search config/list index cache/list cache/info debug inspect hash help config/get
    package_add: install
    package_remove: uninstall
    write_file: download wheel cache/purge cache/remove
    write_config: config/set config/unset
"""
_NPM = """
    data_loss~: unpublish npm/unpublish
    read: list ls view info show outdated audit search config/get config/list help root prefix bin doctor fund why explain whoami ping team
    package_add: install i ci add install-ci-test clean-install link
    package_upgrade: update upgrade up dedupe
    package_remove: uninstall remove rm un r prune unlink
    data_loss: unpublish
    exfil?+write_config: publish deprecate dist-tag owner access token
    write_config: config/set config/delete set init version pkg
    dark: run start test exec x run-script restart stop create dlx
    write_file: cache pack rebuild
"""
_GEM = """
    read: list query info search specification contents dependency environment outdated which check sources help stale
    package_add: install
    package_upgrade: update
    package_remove: uninstall cleanup
    write_file: fetch build unpack pristine
    exfil?: push yank
"""
_CARGO = """
    read: tree metadata search version locate-project verify-project audit outdated deny geiger bloat pkgid read-manifest info
    package_add: install add
    package_remove: uninstall remove
    write_file: build b check c doc fmt clippy fetch update clean init new
    dark: run test bench t r
    exfil?: publish yank login
"""
_BREW = """
    read: list ls info search outdated deps uses config doctor leaves home log cat desc services/list
    package_add: install reinstall tap
    package_upgrade: upgrade update
    package_remove: uninstall remove rm autoremove cleanup untap
    service_start: services/start
    service_stop: services/stop
    service_restart: services/restart
"""
_GO = "read: list version env doc vet mod/graph mod/verify mod/why\nwrite_file: build fmt mod/tidy mod/download mod/init clean work get mod/vendor\npackage_add: install\ndark: run test generate tool"

_DPKG = by_option(
    """
    package_remove: -r -P --remove --purge
    package_add: -i --install --unpack --configure --force-depends
    write_file: -x -X -e -b --extract --vextract --control --build --raw-extract
    write_config: -A --record-avail --forget-old-unavail --triggers-only --add-architecture --remove-architecture --set-selections --clear-selections --merge-avail --update-avail --clear-avail
    """,
    "-D --admindir --root -f --showformat",
    else_="read", dry="--dry-run --no-act --simulate",
)  # fmt: skip
_RPM = by_option(
    """
    read: -q --query -V --verify -K --checksig --eval --showrc --querytags
    package_remove: -e --erase
    package_add: -i --install
    package_upgrade: -U -F --upgrade --freshen --reinstall
    write_config: --import --rebuilddb --initdb --setperms --setugids --restore
    """,
    "--root --dbpath --qf --queryformat -D --define -E --eval --prefix --relocate",
    else_="read", dry="--test", tried="package_remove package_add package_upgrade", modes=True,
)  # fmt: skip


def _removes_packages(deed: Deed) -> Deed:
    """Return a deed that also looks whether what it removes is what we came in by."""

    def both(call: ProgramCall) -> None:
        deed(call)
        if call.has("-r", "-P", "--remove", "--purge", "-e", "--erase") and not call.has(
            "-q", "--query", "--dry-run", "--test"
        ):
            note_packages(call, "package_remove", call.words)
        for word in call.words:
            if re.match(r"(?:https?|ftp)://", word.text):
                call.add(_K.REMOTE_CODE, word, _C.LIKELY)

    return both


def _pacman(call: ProgramCall) -> None:
    """Note what pacman and its kin do: the capital letter is the verb."""
    call.take(word_set("-r -b --root --dbpath --cachedir --config --ignore --print-format"))
    reads = (
        call.has("-Q", "--query", "-T", "-p", "--print") or (call.has("-F", "--files") and not call.has("-y"))
    ) or (call.has("-S", "--sync") and call.has("-s", "-i", "-l", "-g"))
    if reads or asks_for_help(call):
        call.add(_K.READ)
    elif call.has("-R", "--remove"):
        note_packages(call, "package_remove", call.words)
    elif call.has("-U", "--upgrade") or (call.has("-S", "--sync") and call.words):
        note_packages(call, "package_add", call.words)
    elif call.has("-u"):
        call.add(_K.PACKAGE_UPGRADE)
    elif call.has("-S", "--sync", "-F", "--files"):
        call.add(_K.WRITE_FILE, "/var/lib/pacman/sync")
    else:
        note(call, "dark")


_TAKES_APT = "-o -c -t -a --option --config-file --target-release --default-release"
_TAKES_DNF = "-x -c --exclude --enablerepo --disablerepo --repo --releasever --installroot --setopt --downloaddir --destdir --config --advisory --queryformat --qf"
_DRY_APT = "-s --simulate --just-print --dry-run --recon --no-act --print-uris"


def _npx(call: ProgramCall) -> None:
    """Note a program that is fetched and run; its words may say that something is lost."""
    if asks_for_help(call):
        call.add(EffectKind.READ)
        return
    call.dark("It fetches a program and runs it.")
    note_destroying_word(call)


_OF_NODE = _apt_like(_NPM, "--prefix --registry -w --workspace --depth -C", "--dry-run")
_OF_HADOOP = Verbs(
    table="read: version classpath envvars top\nservice_start: resourcemanager nodemanager timelineserver router\ndark: jar",
    pattern=(
        (r"^(?:application|app|applicationattempt|container|node|nodes|queue|cluster) -(?:list|status|appStates|all|showDetails|list-node-labels|lnl)", "read"),
        (r"^logs (?!.*-out)", "read"), (r"^rmadmin -(?:getServiceState|getAllServiceState|checkHealth|getGroups)", "read"),
        (r" -(?:kill|fail|stop|destroy)|^rmadmin -(?:transitionToStandby|failover)", "infra+service_stop"),
    ),
    else_="infra", dashed=True,
)  # fmt: skip


def _yarn(call: ProgramCall) -> None:
    """Tell the scheduler of Hadoop from the packages of Node: they share a name."""
    ours = call.arguments and re.fullmatch(
        r"app(?:lication)?|applicationattempt|container|nodes?|logs|queue|cluster|rmadmin|jar|top|classpath|resourcemanager|nodemanager",
        call.arguments[0].text,
    )
    (_OF_HADOOP if ours else _OF_NODE)(call)


PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(("apt", "apt-get", "aptitude", "apt-mark", "nala"), _apt_like(_APT, _TAKES_APT, _DRY_APT, "--download-only -d")),
    **dict.fromkeys(("dnf", "yum", "microdnf", "dnf5", "dnf4", "tdnf"), _apt_like(_DNF, _TAKES_DNF, "--assumeno", "--downloadonly")),
    "zypper": _apt_like(_ZYPPER, "-r --repo -t --type -p --plus-repo --from --to", "--dry-run -D"),
    "apk": _apt_like(_APK, "-p -X --root --repository -t --virtual", "-s --simulate"),
    "dpkg": _removes_packages(_DPKG), "rpm": _removes_packages(_RPM), "dpkg-reconfigure": fixed("write_config"),
    "dpkg-divert": by_option("read: --list --truename --listpackage", else_="write_config"), "dpkg-deb": by_option(
        "read: -I -c -f -W --info --contents --field --show\nwrite_file: -b -x -X -e --build --extract --control", else_="read"),
    "pacman": _pacman, "yay": _pacman, "paru": _pacman, "aura": _pacman, "pacaur": _pacman, "snap": _apt_like(_SNAP, "--channel --revision", "--dry-run"),
    "flatpak": _apt_like(_FLATPAK, "--arch --installation", "--dry-run"),
    **dict.fromkeys(("pip", "pip3", "pipx", "uv"), _apt_like(_PIP, "-r -c -i -t -e --requirement --constraint --index-url --extra-index-url --target --proxy --format --path", "--dry-run")),
    **dict.fromkeys(("npm", "pnpm", "bun"), _OF_NODE),
    "gem": _apt_like(_GEM, "-v --version -i --install-dir -s --source", "--explain"), "cargo": _apt_like(_CARGO, "--manifest-path --version -p --package", "--dry-run"),
    "yarn": _yarn,
    "brew": _apt_like(_BREW, "", "--dry-run -n"), "go": _apt_like(_GO, "-o", "-n"), "npx": _npx, "bundle": fixed("package_add"),
    "composer": _apt_like("read: show outdated validate diagnose licenses status\npackage_add: install require\npackage_upgrade: update\npackage_remove: remove", "-d", "--dry-run"),
    "alternatives": by_option("read: --list --display --query --get-selections", else_="write_config"),
    **dict.fromkeys(("update-alternatives",), by_option("read: --display --list --query --get-selections\nwrite_config: --set --install --remove --config --auto --set-selections --all", else_="write_config")),
    "add-apt-repository": by_option("read: --list -L", else_="write_config+security_weaken?"), "apt-key": Verbs(
        table="read: list finger export exportall\nsecurity_weaken: add adv update del net-update"),
    "conda": _apt_like("read: list info search env/list config\npackage_add: install create env/create\npackage_upgrade: update\npackage_remove: remove uninstall env/remove\nwrite_file: clean", "-n -p -c -f", "--dry-run -d"),
    "subscription-manager": Verbs(table="read: list status identity facts repos\nwrite_config: register attach refresh\nwrite_config+security_weaken: unregister remove clean"),
    "do-release-upgrade": by_option("read: -c --check-dist-upgrade-only", else_="package_upgrade+package_remove"),
    "unattended-upgrade": by_option("read: --dry-run", else_="package_upgrade"), "unattended-upgrades": by_option("read: --dry-run", else_="package_upgrade"),
    "pro": Verbs(table="read: status version help security-status config/show\npackage_add: attach enable\npackage_remove: detach disable"),
}  # fmt: skip
