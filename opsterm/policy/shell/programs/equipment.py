"""Controllers, sensors, buses, graphics processors and the storage behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import EffectKind
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, by_option, fixed, note, reads
from opsterm.policy.shell.programs.spoken import shows

_LOSES = r"(?i)\b(?:-?(?:cfg\w*(?:del|clr|clear)|ldclear|cfgforeignclear|pdclear|newarray|cfgeachdskraid0|discarddiskcache)\w*|del(?:ete)?|erase|clear|init|format|secureerase)\b"
_SHOWS = r"(?i)(?:info|list|show|get|display|status|alive|dump|summary|count|showsummary|fwtermlog|eventlog)"


def _controller(call: ProgramCall) -> None:
    """Follow MegaCli, tw_cli, sas2ircu and their kin: words of their own, which say what they do."""
    line = " ".join(word.text for word in call.arguments)
    if not call.arguments or asks_for_help(call):
        call.add(EffectKind.READ)
    elif re.search(_LOSES, line):
        note(call, "data_loss", line[:80])
    elif re.search(r"(?i)-?(?:pd)?(?:offline|markmissing|prprmv)|\bremove\b|\bunconfig\b|shutdown", line):
        note(call, "infra+service_stop", line[:80])
    elif re.search(_SHOWS, line) and not re.search(
        r"(?i)-?\w*(?:set|write|enable|disable|start|add|create)\w*\b", line
    ):
        call.add(EffectKind.READ)
    else:
        note(call, "infra", line[:80])


def _nvidia(call: ProgramCall) -> None:
    """Follow nvidia-smi: a few options set something, a reset stops what runs on the processor."""
    call.take(
        (
            "-i",
            "-d",
            "-f",
            "-l",
            "-lms",
            "--id",
            "--display",
            "--filename",
            "-pl",
            "-pm",
            "-c",
            "-e",
            "-ac",
            "-lgc",
            "-mig",
        ),
        dash_long=True,
    )
    if call.has("-r", "--gpu-reset"):
        note(call, "infra+service_stop", "GPU")
    elif call.has("-pl", "-pm", "-c", "-e", "-ac", "-rac", "-lgc", "-rgc", "-mig", "--power-limit", "--persistence-mode", "--compute-mode", "--ecc-config",
                  "--applications-clocks", "--lock-gpu-clocks", "-p", "--reset-ecc-errors", "-am", "-caa"):  # fmt: skip
        note(call, "kernel_param", "GPU")
    elif call.word(0) in ("mig", "vgpu", "nvlink", "topo", "dmon", "pmon", "daemon", "replay", "stats", "clocks", ""):
        call.add(EffectKind.READ)
    else:
        note(call, "infra")


_TARGETCLI = Verbs(table="read: ls status version pwd help get sessions", pattern=(
    (r"\b(?:ls|status|info|get|sessions|version)$", "read"), (r"\b(?:delete|clearconfig|restoreconfig)\b", "infra+delete+data_loss~"),
), else_="infra")  # fmt: skip

PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(("megacli", "MegaCli", "MegaCli64", "megacli64", "tw_cli", "tw-cli", "sas2ircu", "sas3ircu", "lsiutil", "hpasmcli", "mpt-status", "cciss_vol_status", "aaccli"), _controller),
    "nvidia-smi": _nvidia, "rocm-smi": shows("-d"), "amd-smi": Verbs(table="read: list static metric monitor process topology version", else_="kernel_param"), "xpu-smi": shows("-d"),
    "dcgmi": Verbs(table="read: discovery dmon stats topo nvlink modules introspect profile\ninfra: group policy config test set", acts="-s=infra --set=infra", else_="infra"),
    **dict.fromkeys(("ipmi-sensors", "bmc-info", "ipmi-fru", "ipmi-locate", "ipmiping", "ipmi-pet", "ipmi-dcmi"), shows("-h -u -p -l -D")), "ipmi-sel": by_option("log_loss: --clear --delete --delete-range --delete-all", "-h -u -p -l -D", else_="read"),
    "ipmi-chassis": by_option("reboot+lockout: --chassis-control\nread: --get-chassis-status", "-h -u -p", else_="read"), "ipmipower": by_option("read: --stat -s\nreboot+lockout: --off --cycle --reset --soft -f -c -r\ninfra: --on -n", "-h -u -p", else_="dark"),
    "ipmiutil": Verbs(table="read: sensor sel health fru lan\nreboot+lockout: reset", else_="infra"), "redfishtool": Verbs(table="read: Systems/list Chassis/list root", else_="infra"), "bmc-config": by_option("read: --checkout -o", else_="infra"),
    "i2cdetect": reads(content=False), "i2cdump": reads(content=False), "i2cget": reads(content=False), "i2cset": fixed("kernel_param"), "i2ctransfer": fixed("kernel_param"), "gpioget": reads(content=False), "gpioset": fixed("kernel_param"), "gpioinfo": reads(content=False), "gpiodetect": reads(content=False),
    "setpci": reads(content=False, skip=0), "pcimem": fixed("kernel_param"), "devmem": fixed("kernel_param"), "devmem2": fixed("kernel_param"), "inb": reads(content=False), "outb": fixed("kernel_param"),
    **dict.fromkeys(("sg_inq", "sg_scan", "sg_map", "sg_map26", "sginfo", "sg_vpd", "sg_logs", "sg_readcap", "sg_turs", "sg_luns", "sg_ses", "sg_modes", "sg_opcodes", "sg_rdac", "sg_requests"), shows()),
    **dict.fromkeys(("sg_unmap", "sg_write_same", "sg_wr_mode", "sg_dd", "sg_reassign", "sg_write_buffer"), fixed("data_loss")), "sg_start": fixed("infra+service_stop"), "sg_reset": fixed("infra+service_stop"), "rescan-scsi-bus.sh": by_option("infra: -r --remove", else_="write_config"),
    "smartd": by_option("read: -q --showdirectives -D", "-q", else_="service_start"), "hddtemp": reads(content=False), "ledctl": fixed("kernel_param"), "mstflint": Verbs(table="", takes="-d -i", pattern=((r"\b(?:q|query|v|verify|hw query|dc)\b", "read"),), else_="boot+data_loss~"), "flint": Verbs(table="", takes="-d -i", pattern=((r"\b(?:q|query|v|verify)\b", "read"),), else_="boot+data_loss~"),
    "udevadm": Verbs(table="read: info monitor test verify wait version settle test-builtin\nwrite_config: trigger control lock hwdb"), "efivar": by_option("boot: -w --write -a --append", "-n -f --name --fromfile", else_="read"),
    "bluetoothctl": Verbs(table="read: devices list show info paired-devices version\nwrite_config: scan\nnetwork: power connect disconnect pair trust untrust remove block unblock discoverable pairable"), "mmcli": by_option("network+lockout?: -d -e -r --disable --enable --reset --factory-reset --simple-disconnect --simple-connect", "-m -i -s -b", else_="read"),
    "xrandr": by_option("write_config: --output --off --mode --auto --rate --newmode --addmode", "--output --mode", else_="read"), "xprop": by_option("write_config: -set -remove -f", "-id -name -set -remove", else_="read", dash_long=True), "brightnessctl": Verbs(table="read: info get max", else_="kernel_param"),
    "lvmdiskscan": reads(content=False), "vdostats": reads(content=False), "lvmdump": fixed("write_file"), "lvmconfig": reads(content=False), "lvmdevices": by_option("write_config: --adddev --deldev --update", else_="read"), "dmstats": Verbs(table="read: list report help version", else_="infra"), "dmeventd": fixed("service_start"),
    "blkpr": fixed("infra"), "blkzone": Verbs(table="read: report capacity\ndata_loss: reset", else_="infra"), "blockdev": by_option("kernel_param: --setro --setrw --setra --setfra --setbsz --rereadpt\nwrite_file: --flushbufs", "--setra --setfra --setbsz", else_="read"), "losetup-show": reads(content=False), "zramctl": by_option("data_loss?: -r --reset\ninfra: -f --find -s --size -a", "-s -a -t -o", else_="read"),
    "multipathd": Verbs(table="read: show list", pattern=((r"^(?:show|list)\b", "read"), (r"^(?:del|remove|fail|suspend|disablequeueing|shutdown)\b", "infra+service_stop")), takes="-k", else_="write_config"), "mpathconf": by_option("write_config: --enable --disable --find_multipaths", else_="read"), "mpathpersist": fixed("infra"),
    "targetcli": _TARGETCLI, "tgtadm": by_option("infra+delete: --op", "--lld --mode --tid --op", else_="read"), "tgt-admin": by_option("read: -s --show --dump\ninfra+service_stop: --offline --delete", else_="infra"), "nbd-client": by_option("read: -l -c", else_="infra"), "iscsi-iname": reads(content=False), "iscsistart": fixed("infra"),
    "rados": Verbs(table="read: df ls stat lspools listxattr list-inconsistent-obj\ninfra+delete+data_loss: rm purge rmpool cleanup truncate\nwrite_file: get export\ninfra: put mkpool import append", takes="-p --pool -n --id -c -N"), "ceph-disk": Verbs(table="read: list\ndata_loss: zap prepare destroy", else_="infra"), "ceph-objectstore-tool": fixed("data_loss?"), "ceph-bluestore-tool": Verbs(table="read: show-label fsck", else_="data_loss?"), "crushtool": by_option("write_file: -o -c -d", "-o -c -d -i", else_="read"), "monmaptool": by_option("read: --print", else_="write_file"), "osdmaptool": by_option("read: --print --tree", else_="write_file"),
    "lfs": Verbs(table="read: df quota getstripe find getname check osts mdts path2fid fid2path\ninfra: setstripe setquota migrate mkdir"), "glfsheal": reads(content=False), "mmbackup": fixed("write_file"), **dict.fromkeys(("mmlscluster", "mmlsfs", "mmlsdisk", "mmlsconfig", "mmlsnode", "mmlsmgr", "mmlsnsd", "mmlspool", "mmlsquota", "mmlssnapshot", "mmgetstate", "mmdf", "mmdiag", "mmlsfileset", "mmlspolicy", "mmlsattr", "mmlscallback"), reads(content=False)),
    **dict.fromkeys(("mmdelfs", "mmdeldisk", "mmdelnsd", "mmdelsnapshot", "mmdelfileset"), fixed("data_loss")), **dict.fromkeys(("mmshutdown", "mmumount", "mmchdisk", "mmdelnode"), fixed("infra+service_stop")), **dict.fromkeys(("mmstartup", "mmmount", "mmchfs", "mmchconfig", "mmcrfs", "mmaddnode", "mmadddisk", "mmcrsnapshot"), fixed("infra")),
    "xfs_db": by_option("data_loss~: -x", "-c -f -l", else_="read"), "xfs_quota": by_option("write_config: -x", "-c -f -p -d -D -P", else_="read"), "xfs_freeze": fixed("service_stop"), "fsfreeze": fixed("service_stop"), "xfs_fsr": fixed("write_file"), "xfs_spaceman": reads(content=False), "xfs_bmap": reads(content=False), "xfs_io": fixed("write_file"), "xfs_copy": fixed("data_loss~"), "xfs_mdrestore": fixed("data_loss"), "xfs_metadump": fixed("write_file"), "xfsdump": fixed("write_file"), "xfsrestore": fixed("data_loss~"), "dump": fixed("write_file"), "restore": fixed("data_loss~"),
    "e2image": by_option("data_loss: -I", else_="write_file"), "e2undo": fixed("data_loss~"), "e4defrag": by_option("read: -c", else_="write_file"), "e2freefrag": reads(content=False), "e2scrub": by_option("read: -n", else_="write_file"), "o2info": reads(content=False), "mounted.ocfs2": reads(content=False), "isoinfo": shows("-i -x"), "fsadm": Verbs(table="read: check\ndata_loss?: resize"),
    **dict.fromkeys(("edquota", "setquota"), fixed("write_config")), "quotaon": fixed("write_config"), "quotaoff": fixed("security_weaken"), "quotacheck": fixed("write_config"), "bcachefs": Verbs(table="read: show-super version fs/usage list\ndata_loss: format device/remove", else_="infra"), "nvmecontrol": Verbs(table="read: devlist identify logpage\ndata_loss: format sanitize", else_="infra"),
    "qemu-img": Verbs(table="read: info check compare map measure\nwrite_file: create convert dd\ndata_loss~: resize commit rebase amend\nwrite_file: snapshot bitmap", takes="-f -O -o -T", forced="-d=data_loss~"), "qemu-nbd": fixed("infra"), "guestfish": by_option("read: --version --ro -r", else_="dark"), "guestmount": fixed("write_config"), "virt-customize": fixed("dark"), "virt-install": by_option("read: --dry-run --print-xml", else_="infra"), "virt-clone": fixed("infra"), "virt-resize": fixed("data_loss~"), "virt-sparsify": fixed("data_loss?"), "virt-xml": fixed("infra"), "virt-edit": fixed("infra"), "virt-copy-in": fixed("infra"), "virt-copy-out": fixed("write_file"), "virt-builder": fixed("write_file"),
    "vmware-toolbox-cmd": Verbs(table="read: stat device/list help disk/list timesync/status upgrade/status -v config/get\nwrite_config: timesync script device config\ndata_loss?: disk"), "qemu-ga": fixed("service_start"), "vzlist": reads(content=False), "vzctl": Verbs(table="read: status\nservice_stop: stop suspend\nservice_restart: restart\ninfra+delete+data_loss: destroy delete\ndark: exec enter", else_="infra"), "prlctl": Verbs(table="read: list status\nservice_stop: stop suspend\ndata_loss: delete", else_="infra"),
    "qmrestore": fixed("infra+data_loss~"), "vzdump": fixed("write_file"), "pct-restore": fixed("data_loss~"), "pveceph-osd": fixed("infra"), "virtiofsd": fixed("service_start"),
}  # fmt: skip
