"""The kernel, how the host starts, and what watches over it."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, by_option, fixed, reads
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_WEAKER = re.compile(
    r"(?:kernel[./]randomize_va_space|net[./]ipv4[./]tcp_syncookies|net[./].*[./]rp_filter|kernel[./](?:kptr_restrict|dmesg_restrict|yama[./]ptrace_scope|"
    r"unprivileged_bpf_disabled)|fs[./]protected_\w+|kernel[./]modules_disabled|net[./].*log_martians)\s*=?\s*0|"
    r"(?:net[./].*(?:ip_forward|forwarding|accept_redirects|send_redirects|accept_source_route)|fs[./]suid_dumpable|kernel[./]sysrq|kernel[./]unprivileged_userns_clone)\s*=?\s*[1-9]"
)
_STOPS = re.compile(
    r"net[./].*(?:disable_ipv6|ip_forward|forwarding|arp_ignore|rp_filter)|net[./]netfilter|vm[./](?:panic_on_oom|nr_hugepages|min_free)|kernel[./](?:panic|pid_max|threads-max)|fs[./](?:file-max|nr_open)|net[./]ipv4[./]ip_local_port"
)


def _sysctl(call: ProgramCall) -> None:
    """Note parameters that are set; a name alone is shown."""
    call.take(word_set("-r --pattern"), long=("--system", "--load", "--write"))
    if call.has("-p", "--load", "--system"):
        call.add(_K.KERNEL_PARAM, call.words[0] if call.words else "/etc/sysctl.conf")
        return
    sets = [word for word in call.words if "=" in word.text or call.has("-w", "--write")]
    if not sets:
        call.add(_K.READ)
    for word in sets:
        call.add(_K.KERNEL_PARAM, word)
        if _WEAKER.search(word.text):
            call.add(_K.SECURITY_WEAKEN, word)
        if _STOPS.search(word.text):
            call.add(_K.LOCKOUT, word, _C.POSSIBLE)


def _modules(call: ProgramCall) -> None:
    """Note modules that are loaded or taken out."""
    call.take(word_set("-C -d -S --config --dirname"), long=("--dry-run", "--show-depends", "--remove"))
    shows = call.has(
        "-V",
        "--version",
        "--help",
    ) or (
        call.name == "modprobe"
        and call.has(
            "-n",
            "--dry-run",
            "--show-depends",
            "-c",
            "--showconfig",
            "-D",
            "-R",
            "--resolve-alias",
        )
    )
    if shows:
        call.add(_K.READ)
        return
    removes = call.name == "rmmod" or call.has("-r", "--remove")
    for word in call.words[:4] if removes else call.words[:1]:
        call.add(_K.KERNEL_MODULE, word)
        if removes:
            call.add(_K.LOCKOUT, word, _C.LIKELY if _NIC.search(word.text) else _C.POSSIBLE)


_NIC = re.compile(
    r"e1000|ixgbe|igb|i40e|ice|mlx|bnx|tg3|r81|virtio_net|vmxnet|ena|hv_netvsc|bonding|8021q|bridge|nf_|ip_tables|xt_|af_packet|cdc|atlantic|be2net|net"
)


def _grubby(call: ProgramCall) -> None:
    """Note how the host will start."""
    call.take(word_set("--update-kernel --args --remove-args --set-default --remove-kernel --add-kernel --info"))
    call.add(
        _K.READ if call.has("--info", "--default-kernel", "--default-index", "--default-title", "--help") else _K.BOOT,
        "grub",
    )


def _setenforce(call: ProgramCall) -> None:
    """Note SELinux that is switched."""
    word = call.arguments[0] if call.arguments else ""
    off = not isinstance(word, str) and word.text.lower() in ("0", "permissive")
    if not off and not isinstance(word, str):
        call.add(_K.LOCKOUT, word, _C.POSSIBLE)
    call.add(_K.SECURITY_WEAKEN if off or isinstance(word, str) or not word.known else _K.WRITE_CONFIG, word)
    if not off:
        call.add(_K.LOCKOUT, word, _C.POSSIBLE)


def _auditctl(call: ProgramCall) -> None:
    """Note audit rules that are taken away, or auditing that is switched off."""
    call.take(word_set("-w -a -A -d -W -e -b -f -r -k -p -S -F -C -R --backlog_wait_time"))
    enabled = call.value("-e")
    if call.has("-D", "-d", "-W") or (enabled is not None and enabled.text == "0"):
        call.add(_K.LOG_LOSS, "audit rules")
        call.add(_K.SECURITY_WEAKEN, "audit rules")
    elif call.has("-l", "-s", "-v", "-h"):
        call.add(_K.READ)
    else:
        call.add(_K.WRITE_CONFIG, "audit rules")


_BOOT = fixed("boot")

PROGRAMS: Mapping[str, Deed] = {
    "sysctl": _sysctl, "modprobe": _modules, "insmod": _modules, "rmmod": _modules, "depmod": by_option("read: -n --dry-run --show", else_="write_config"), "modinfo": reads(content=False),
    "kmod": Verbs(table="read: list static-nodes help", else_="kernel_module"), "dkms": Verbs(table="read: status\nkernel_module: add build install autoinstall\nkernel_module+delete: remove uninstall"),
    "grubby": _grubby, **dict.fromkeys(("update-grub", "update-grub2", "update-initramfs", "grub-install", "grub2-install", "grub-set-default", "grub2-set-default", "grub-reboot",
                                        "grub2-reboot", "mkinitcpio", "mkinitramfs", "lilo", "update-bootloader", "kernelstub", "flash-kernel", "rpi-update",
                                        "grub-mkconfig", "grub2-mkconfig"), _BOOT), "kernel-install": _BOOT,
    "efibootmgr": by_option("boot: -b -B -c -o -n -a -A -O -N -D --delete-bootnum --create --bootorder", "-d -p -l -L", else_="read"), "mokutil": by_option("boot: --import -i --delete -d --disable-validation --enable-validation --reset --password -p --set-sbat-policy --mokx -P --timeout --trust-mok --untrust-mok --revoke-import", else_="read"),
    "kexec": by_option("read: --help", else_="reboot+boot"), "fwupdmgr": Verbs(table="read: get-devices get-updates get-history get-remotes security get-upgrades\nboot+package_upgrade: update install upgrade reinstall downgrade\nwrite_config: refresh enable-remote disable-remote clear-history"),
    "flashrom": by_option("boot+data_loss~: -w --write -E --erase\nread: -r --read", else_="boot+data_loss~"), "ipmitool": Verbs(
        takes="-I -H -U -P -f -L -p", table="read: sdr sensor fru chassis/status power/status sel sel/list sel/elist lan/print mc/info user/list sel/info chassis/power/status dcmi\n"
        "reboot+lockout: power/off power/cycle power/reset power/soft chassis/power/off chassis/power/cycle chassis/power/reset mc/reset\nlog_loss: sel/clear\nboot: chassis/bootdev chassis/bootparam\nuser+lockout?: user/set user/disable lan/set", else_="infra"),
    "setenforce": _setenforce, "setsebool": fixed("security_weaken+lockout?"), "semanage": by_option("read: -l --list -E\nsecurity_weaken+lockout~: -d --delete -D --deleteall\nsecurity_weaken: -a -m --add --modify", "-t -p -s -r --type --proto", else_="security_weaken?"),
    "semodule": by_option("security_weaken: -i --install -u --upgrade -b --base -r --remove -e --enable -d --disable -R --reload -B --build -D --disable_dontaudit -P --preserve_tunables -X\nread: -l --list --list-modules", else_="security_weaken"), "restorecon": by_option("read: -n", else_="perm"), "fixfiles": Verbs(table="read: check verify\nperm: restore relabel onboot"),
    **dict.fromkeys(("aa-disable", "aa-complain", "aa-teardown", "aa-remove-unknown"), fixed("security_weaken")), "aa-enforce": fixed("write_config"), "apparmor_parser": by_option("security_weaken: -R --remove\nread: -p -Q -N --preprocess --skip-kernel-load --names --debug", else_="write_config"),
    "auditctl": _auditctl, "augenrules": by_option("read: --check", else_="write_config"), "aide": by_option("read: --check -C --compare --config-check -D\nsecurity_weaken: --init -i --update -u", "-c --config", else_="read"), "aideinit": fixed("security_weaken"),
    "tripwire": by_option("read: --check\nsecurity_weaken: --update --init", else_="security_weaken?"), "rkhunter": by_option("read: -c --check --list --versioncheck\nsecurity_weaken: --propupd", else_="read"), "chkrootkit": reads(content=False),
    "lynis": Verbs(table="read: audit show update/info"), "clamscan": by_option("delete+data_loss?: --remove\nwrite_file: --move --copy", else_="read"), "freshclam": fixed("write_file"), "oscap": Verbs(table="read: info oval/eval xccdf/eval version", forced="--remediate=write_config"),
    "bpftool": Verbs(table="", pattern=((r"\b(?:show|list|dump|help|version)\b", "read"),), else_="kernel_module"), "mcelog": reads(content=False), "kdumpctl": Verbs(table="read: status showmem estimate\nservice_start: start restart\nservice_stop: stop\nboot: rebuild propagate"),
    "tuned-adm": Verbs(table="read: active list recommend verify profile_info\nkernel_param: profile auto_profile\nservice_stop: off"), "cpupower": Verbs(table="read: frequency-info idle-info info monitor\nkernel_param: frequency-set idle-set set"),
    "stress": fixed("dos"), "stress-ng": fixed("dos"), "hping3": fixed("dos"), "ab": fixed("dos?"), "wrk": fixed("dos?"), "siege": fixed("dos?"), "slowloris": fixed("dos"), "sysbench": fixed("dos?"), "fio": fixed("data_loss?+dos?"),
    "ubuntu-security-status": reads(content=False), "efi-readvar": reads(content=False), "sealert": reads(content=False), "audit2allow": by_option("security_weaken: -M", else_="read"), "audit2why": reads(content=False),
    "crash": fixed("dark"), "gdb": by_option("read: --version", else_="dark"), "gcore": fixed("read_secret"),
}  # fmt: skip
