"""Commands of tools that only read, as data: storage, network, containers, clusters, servers, accounts and packages.

Sources: the manual pages of Debian 12, and the reference pages of the tools themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.policy.readonly_form import Reading, Words, options

_N, _P, _C, _PLAIN = Words.NAMES, Words.PATHS, Words.CONTENT, Words.PLAIN
_BARE = Reading()
_NAMES = Reading(words=_N)
_ONE = Reading(words=_N, least=1, most=1)
_VERSION = Reading(long=options("--version"), needs=("--version",))
_LVM = Reading(
    flags="av", takes="o", words=_P, long=options("--all --noheadings --segments --nosuffix"),
    long_takes=options("--units --options --sort --separator"),
)  # fmt: skip

_STORAGE: Mapping[str, Reading] = {
    "mountpoint": Reading(flags="qdx", words=_P, least=1, most=1, long=options("--quiet")),
    "lvs": _LVM, "vgs": _LVM, "pvs": _LVM,
    **dict.fromkeys(("lvdisplay", "vgdisplay", "pvdisplay"), Reading(flags="cvm", words=_P)),
    "zpool": Reading(sub={"status": Reading(flags="vxLP", words=_N), "list": Reading(flags="vHp", words=_N),
                          "get": Reading(flags="Hp", words=_N, least=1)}),
    "zfs": Reading(sub={"list": Reading(flags="Hrp", takes="otsd", words=_N),
                        "get": Reading(flags="Hrp", takes="otsd", words=_N, least=1)}),
    "btrfs": Reading(sub={
        **dict.fromkeys(("filesystem", "fi"), Reading(sub={
            "df": Reading(flags="h", words=_P), "show": Reading(flags="d", words=_P),
            "usage": Reading(flags="hT", words=_P),
        })),
        **dict.fromkeys(("subvolume", "su"), Reading(sub={
            "list": Reading(flags="pugstrdo", words=_P, least=1), "show": Reading(words=_P, least=1, most=1),
        })),
        "scrub": Reading(sub={"status": Reading(flags="d", words=_P, least=1)}),
        "device": Reading(sub={"stats": Reading(flags="T", words=_P, least=1), "usage": Reading(flags="h",
                words=_P)}),
    }),
    "tune2fs": Reading(flags="l", needs=("-l",), words=_P, least=1),
    "dumpe2fs": Reading(flags="h", words=_P, least=1, most=1),
    "xfs_info": Reading(words=_P, least=1, most=1),
    "fdisk": Reading(flags="l", needs=("-l",), words=_P), "sfdisk": Reading(flags="l", needs=("-l",), words=_P),
    "losetup": Reading(flags="la", long=options("--list --all"), needs=("-l|-a|--list|--all",)),
    "dmsetup": Reading(sub={"ls": _BARE, "info": Reading(flags="cC", words=_N), "status": _NAMES, "deps": _NAMES}),
    "mdadm": Reading(flags="DQ", long=options("--detail --query --brief"), needs=("-D|-Q|--detail|--query",),
            words=_P, least=1),
    "smartctl": Reading(flags="aAHixc", takes="dl", words=_P, least=1, most=1,
                        long=options("--all --health --info --attributes --xall --scan")),
    "hdparm": Reading(flags="iI", needs=("-i|-I",), words=_P, least=1),
    "nvme": Reading(sub={"list": _BARE, "smart-log": Reading(words=_P, least=1, most=1), "id-ctrl": Reading(words=_P,
            least=1, most=1)}),
    "lsscsi": Reading(flags="sgdtl"), "multipath": Reading(flags="l", needs=("-l",), words=_P),
    "exportfs": Reading(flags="sv"), "nfsstat": Reading(flags="cnsmrv"),
    "showmount": Reading(flags="ead", words=_N, most=1),
    "repquota": Reading(flags="agusvi", words=_P), "quota": Reading(flags="ugsv", words=_N),
    "getfacl": Reading(flags="cpeanst", words=_P, least=1), "lsattr": Reading(flags="adlv", words=_P),
    "getcap": Reading(flags="vn", words=_P, least=1), "namei": Reading(flags="lmovx", words=_P, least=1),
    "lsof": Reading(flags="nPlUtRwb", takes="ipucd", words=_P),
    "fuser": Reading(flags="vmua", takes="n", words=_P, least=1),
    "cmp": Reading(flags="bls", words=_C, least=2, most=2),
    "diff": Reading(flags="uqsbBwiycadt", takes="U", words=_C, least=2, most=2,
            long=options("--brief --side-by-side --color")),
    "comm": Reading(flags="123", words=_C, least=2, most=2), "tac": Reading(words=_C), "rev": Reading(words=_C),
    "strings": Reading(takes="n", words=_C, least=1), "od": Reading(flags="cxvbd", takes="AtNj", words=_C),
    "hexdump": Reading(flags="Cvx", takes="ns", words=_C, least=1),
    **dict.fromkeys(("xzcat", "bzcat", "zstdcat"), Reading(words=_C, least=1)),
}  # fmt: skip

_TABLES = Reading(
    flags="LnvS", takes="t", words=_N, most=2, long=options("--list --list-rules --numeric --verbose --line-numbers"),
    long_takes=options("--table"), needs=("-L|-S|--list|--list-rules",),
)  # fmt: skip
_SHOW = Reading(words=_PLAIN)
_NMCLI_SHOW = Reading(sub={"": _BARE, "show": Reading(words=_N), "status": _BARE})

_NETWORK: Mapping[str, Reading] = {
    "iptables": _TABLES, "ip6tables": _TABLES, "iptables-save": Reading(flags="c", takes="t"),
    "ip6tables-save": Reading(flags="c", takes="t"),
    "nft": Reading(flags="nasj", long=options("--handle --numeric --json --stateless"),
            sub={"list": Reading(words=_PLAIN, least=1)}),
    "ufw": Reading(sub={"status": Reading(words=_N, most=1)}),
    "firewall-cmd": Reading(
        long=options("--state --list-all --list-ports --list-services --list-rich-rules --list-all-zones --get-zones "
                     "--get-active-zones --get-default-zone --get-services --permanent"),
        long_takes=options("--zone"),
    ),
    "ipset": Reading(sub={"list": Reading(flags="nt", words=_N, most=1)}),
    "conntrack": Reading(flags="LCS", takes="psd", needs=("-L|-C|-S",)),
    "ethtool": Reading(flags="iSkgam", words=_N, least=1, most=1),
    "bridge": Reading(flags="sdj", sub=dict.fromkeys(("link", "fdb", "vlan", "mdb"), Reading(sub={"": _BARE,
            "show": _SHOW}))),
    "tc": Reading(flags="sdp", sub=dict.fromkeys(("qdisc", "class", "filter"), Reading(sub={"": _BARE,
            "show": _SHOW}))),
    "nmcli": Reading(flags="t", takes="f", sub={
        **dict.fromkeys(("general", "device", "dev", "d", "connection", "con", "c"), _NMCLI_SHOW),
    }),
    "networkctl": Reading(long=options("--no-pager"), sub={"": _BARE, "list": _NAMES, "status": _NAMES}),
    "resolvectl": Reading(long=options("--no-pager"), sub={"": _BARE, "status": _NAMES, "query": Reading(words=_N,
            least=1),
                          "statistics": _BARE, "dns": _BARE, "domain": _BARE}),
    "lldpcli": Reading(sub={"show": Reading(words=_PLAIN, least=1)}),
    "birdc": Reading(sub={"show": Reading(words=_PLAIN, least=1)}),
    "wg": Reading(sub={"": _BARE, "show": Reading(words=_N, most=1)}),
    "ipsec": Reading(sub={"status": _NAMES, "statusall": _NAMES}),
    "nc": Reading(flags="zvn46u", takes="w", needs=("-z",), words=_N, least=2, most=2),
    "mtr": Reading(flags="rnwbz46", takes="c", long=options("--report --no-dns"), needs=("-r|--report",), words=_N,
            least=1, most=1,
                   up_to={"-c": 20}),
    "tracepath": Reading(flags="n46b", words=_N, least=1, most=1),
    "arping": Reading(flags="qf", takes="cwI", needs=("-c",), up_to={"-c": 20, "-w": 60}, words=_N, least=1, most=1),
    "ntpdate": Reading(flags="qu", needs=("-q",), words=_N, least=1), "ntpstat": _BARE,
}  # fmt: skip

_PS = Reading(
    flags="aqsnl", long=options("--all --no-trunc --quiet --size --latest"), takes="f",
    long_takes=options("--filter"),
    endless=options("--watch"),
)  # fmt: skip
_IMAGES = Reading(flags="aq", long=options("--all --digests --no-trunc --quiet"), words=_N)
_CONTAINER_LOGS = Reading(
    flags="t", takes="n", long=options("--timestamps --details"), long_takes=options("--tail --since --until"),
    words=_N,
    least=1, most=1, endless=options("-f --follow"),
)  # fmt: skip
_DOCKER = Reading(sub={
    "ps": _PS, "images": _IMAGES, "version": _BARE, "info": _BARE, "logs": _CONTAINER_LOGS, "top": _ONE, "port": _ONE,
    "diff": _ONE, "history": Reading(flags="q", words=_N, least=1, most=1),
    "stats": Reading(flags="a", long=options("--no-stream --all --no-trunc"), needs=("--no-stream",), words=_N),
    "container": Reading(sub={"ls": _PS, "top": _ONE, "logs": _CONTAINER_LOGS}),
    "image": Reading(sub={"ls": _IMAGES}),
    "system": Reading(sub={"df": Reading(flags="v"), "info": _BARE}),
    **dict.fromkeys(("volume", "network", "node", "service", "stack"), Reading(sub={"ls": Reading(flags="q",
            takes="f")})),
    "compose": Reading(takes="fp", sub={"ps": Reading(flags="aq", words=_N), "ls": Reading(flags="aq"),
            "top": _NAMES, "images": _NAMES}),
})  # fmt: skip
_KUBE_OPTIONS = options("--namespace --context --selector --field-selector --sort-by")
_KUBE_GET = Reading(
    flags="A", takes="nlo",
    long=options("--all-namespaces --show-labels --no-headers --ignore-not-found -owide -oname"),
    long_takes=_KUBE_OPTIONS | options("--output"), words=_N, least=1, endless=options("-w --watch --watch-only"),
    one_of=dict.fromkeys(("-o", "--output"), options("wide name")),
)  # fmt: skip
_KUBECTL = Reading(takes="n", long_takes=options("--namespace --context"), sub={
    "get": _KUBE_GET, "cluster-info": _BARE, "version": Reading(long=options("--client --short")),
    "top": Reading(flags="A", takes="nl", long=options("--all-namespaces --containers"), long_takes=_KUBE_OPTIONS,
            words=_N,
                   least=1),
    "logs": Reading(flags="p", takes="nc", words=_N, least=1, endless=options("-f --follow"),
                    long=options("--previous --timestamps --all-containers --prefix"),
                    long_takes=options("--tail --since --container --namespace")),
    "rollout": Reading(sub={"history": Reading(takes="n", words=_N, least=1)}),
    "api-resources": _BARE, "api-versions": _BARE, "explain": _ONE,
    "auth": Reading(sub={"can-i": Reading(takes="n", long=options("--list"), words=_N), "whoami": _BARE}),
    "config": Reading(sub={"current-context": _BARE, "get-contexts": _BARE}),
})  # fmt: skip

_CLUSTERS: Mapping[str, Reading] = {
    "docker": _DOCKER, "podman": _DOCKER, "kubectl": _KUBECTL,
    "crictl": Reading(sub={"ps": Reading(flags="aq"), "images": Reading(flags="q"), "pods": Reading(flags="q"),
            "info": _BARE}),
    "helm": Reading(takes="n", sub={"list": Reading(flags="Aaq", takes="n"), "history": Reading(takes="n", words=_N,
            least=1)}),
    "virsh": Reading(sub={"list": Reading(long=options("--all --name --inactive")), "nodeinfo": _BARE,
            "version": _BARE,
                          "dominfo": _ONE, "domstate": _ONE, "domblklist": _ONE, "domiflist": _ONE,
                          "pool-list": Reading(long=options("--all")), "net-list": Reading(long=options("--all")),
                          "vol-list": _ONE}),
    "qm": Reading(sub={"list": _BARE, "status": _ONE}), "pct": Reading(sub={"list": _BARE, "status": _ONE}),
    "pvecm": Reading(sub={"status": _BARE, "nodes": _BARE}), "pvesm": Reading(sub={"status": _BARE}),
    "pcs": Reading(sub={"status": _NAMES}), "crm_mon": Reading(flags="1rfnA", needs=("-1",)),
    "corosync-quorumtool": Reading(flags="sl", needs=("-s|-l",)), "drbdadm": Reading(sub={"status": _NAMES}),
    "ceph": Reading(flags="sv", sub={"": Reading(flags="sv", needs=("-s|-v",)), "status": _BARE,
            "health": Reading(words=_N, most=1), "df": _NAMES,
                          "osd": Reading(sub={"tree": _BARE, "df": _NAMES, "stat": _BARE, "status": _BARE}),
                          "mon": Reading(sub={"stat": _BARE}), "pg": Reading(sub={"stat": _BARE})}),
    "gluster": Reading(sub={"peer": Reading(sub={"status": _BARE}), "volume": Reading(sub={"status": _NAMES,
            "info": _NAMES, "list": _BARE})}),
    "consul": Reading(sub={"members": _BARE}), "vault": Reading(sub={"status": _BARE}),
    "etcdctl": Reading(sub={"endpoint": Reading(sub={"health": _BARE, "status": _BARE}),
            "member": Reading(sub={"list": _BARE})}),
}  # fmt: skip

_RABBIT = dict.fromkeys(
    ("status", "cluster_status", "list_queues", "list_exchanges", "list_connections", "list_channels", "list_vhosts",
     "list_users", "list_permissions", "ping"), _NAMES,
)  # fmt: skip

_SERVERS: Mapping[str, Reading] = {
    "haproxy": Reading(flags="vcq", takes="f", needs=("-v|-c", "-v|-f"), inside="/etc/haproxy/"),
    "named-checkconf": Reading(flags="z", words=_P, most=1, inside="/etc/bind/"),
    "named-checkzone": Reading(flags="q", words=_N, least=2, most=2, inside="/etc/bind/"),
    "unbound-checkconf": Reading(words=_P, most=1, inside="/etc/unbound/"),
    "logrotate": Reading(flags="dv", needs=("-d",), words=_P, least=1, inside="/etc/logrotate."),
    "promtool": Reading(sub={"check": Reading(sub=dict.fromkeys(("config", "rules"), Reading(words=_P, least=1,
            inside="/etc/prometheus/")))}),
    "apache2ctl": Reading(flags="tvVS", sub={"": Reading(flags="tvVS", needs=("-t|-v|-V|-S",)), "configtest": _BARE}),
    "httpd": Reading(flags="tvVS", needs=("-t|-v|-V|-S",)),
    "dnsmasq": Reading(long=options("--test"), needs=("--test",)),
    "postqueue": Reading(flags="pj", needs=("-p|-j",)), "mailq": _BARE, "postconf": Reading(flags="n", needs=("-n",)),
    **dict.fromkeys(("exim", "exim4"), Reading(long=options("-bp -bpc"), needs=("-bp|-bpc",))),
    "pg_isready": Reading(flags="q", takes="hpdUt"), "pg_lsclusters": Reading(flags="h"),
    "patronictl": Reading(sub={"list": _NAMES}),
    "mysqladmin": Reading(sub=dict.fromkeys(("ping", "status", "version"), _BARE)),
    "redis-cli": Reading(takes="hpn", sub={"ping": _BARE, "dbsize": _BARE, "lastsave": _BARE,
            "info": Reading(words=_N, most=1)}),
    "rabbitmqctl": Reading(flags="q", sub=_RABBIT),
    "nodetool": Reading(sub=dict.fromkeys(("status", "info", "tpstats", "compactionstats", "netstats", "ring"),
            _BARE)),
    "supervisorctl": Reading(sub={"status": _NAMES}), "monit": Reading(sub={"status": _NAMES, "summary": _NAMES}),
    "rc-status": Reading(flags="as"), "rc-service": Reading(words=Words.STATUS, least=2),
    "initctl": Reading(sub={"list": _BARE, "status": _ONE}),
    "systemd-analyze": Reading(long=options("--no-pager"), sub={
        "": _BARE, "time": _BARE, "blame": _BARE, "critical-chain": _NAMES, "calendar": Reading(words=_N, least=1)}),
    "systemd-cgls": Reading(long=options("--no-pager"), words=_N),
    "coredumpctl": Reading(long=options("--no-pager"), sub={"": _BARE, "list": _NAMES}),
    "fail2ban-client": Reading(sub={"status": Reading(words=_N, most=1), "ping": _BARE, "version": _BARE}),
    "openssl": Reading(sub={"version": Reading(flags="a"), "x509": Reading(
        long=options("-noout -dates -subject -issuer -enddate -startdate -serial -fingerprint -text -sha256 -purpose"),
        long_takes=options("-in -checkend"), needs=("-noout",))}),
    "ssh-keygen": Reading(flags="lv", takes="fFE", needs=("-l|-F",)),
    "ssh-add": Reading(flags="lL", needs=("-l|-L",)),
}  # fmt: skip

_HARDWARE: Mapping[str, Reading] = {
    "lshw": Reading(long=options("-short -businfo -quiet -numeric"), long_takes=options("-class -c -C")),
    "dmidecode": Reading(flags="q", takes="st"), "sensors": Reading(flags="uAj"), "nvidia-smi": Reading(flags="qL"),
    "ipmitool": Reading(sub={"sensor": Reading(sub={"": _BARE, "list": _BARE}), "fru": _BARE,
                             "sdr": Reading(sub=dict.fromkeys(("", "list", "elist"), _BARE)),
                             "sel": Reading(sub=dict.fromkeys(("", "info", "list", "elist"), _BARE)),
                             "chassis": Reading(sub={"status": _BARE})}),
    "numactl": Reading(flags="Hs", long=options("--hardware --show"), needs=("-H|-s|--hardware|--show",)),
    "numastat": Reading(flags="cmnpsvz"),
    "ipcs": Reading(flags="aqmslutcp"), "lsns": Reading(flags="lnr", takes="tp"), "lsipc": Reading(flags="gmqs"),
    "slabtop": Reading(flags="o", takes="s", needs=("-o",)), "pstree": Reading(flags="apnlsuhtA", words=_N, most=1),
    "pmap": Reading(flags="xdq", words=_N, least=1), "pwdx": Reading(words=_N, least=1),
    "taskset": Reading(flags="pc", needs=("-p",), words=_N, least=1, most=1),
    "chrt": Reading(flags="p", needs=("-p",), words=_N, least=1, most=1),
    "pidstat": Reading(flags="dhrstuwl", takes="pCTU", words=Words.COUNT, least=2, most=2),
    "iotop": Reading(flags="boPatkq", takes="nd", needs=("-b", "-n"), up_to={"-n": 10, "-d": 6}),
    "hwclock": Reading(flags="r", long=options("--show"), needs=("-r|--show",)),
    "tuned-adm": Reading(sub={"active": _BARE, "list": _BARE}),
    "lsb_release": Reading(flags="aidrcs"), "users": _BARE, "logname": _BARE, "runlevel": _BARE,
    "getconf": Reading(words=_N, least=1, most=2),
    "locale": Reading(flags="am"), "whereis": Reading(flags="bms", words=_N, least=1),
    "seq": Reading(words=_N, least=1, most=3),
    "printf": Reading(words=_N, least=1), "command": Reading(flags="vV", needs=("-v|-V",), words=_N, least=1),
    "type": Reading(flags="atpP", words=_N, least=1),
}  # fmt: skip

_ACCOUNTS: Mapping[str, Reading] = {
    "chage": Reading(flags="l", needs=("-l",), words=_N, least=1, most=1),
    "passwd": Reading(flags="Sa", needs=("-S",), words=_N, most=1),
    "lastb": Reading(flags="adFiw", takes="nst", number_dash=True, words=_N), "faillog": Reading(flags="a"),
    "getsebool": Reading(flags="a", words=_N), "semanage": Reading(sub=dict.fromkeys(
        ("port", "fcontext", "boolean", "login", "user"), Reading(flags="lCn", needs=("-l",)))),
    "restorecon": Reading(flags="nvR", needs=("-n",), words=_P, least=1),
    "matchpathcon": Reading(flags="V", words=_P, least=1),
    "auditctl": Reading(flags="ls", needs=("-l|-s",)),
    "sssctl": Reading(sub={"domain-list": _BARE, "domain-status": _ONE}),
    "realm": Reading(sub={"list": _BARE}), "wbinfo": Reading(flags="tpug", needs=("-t|-p|-u|-g",)),
    "klist": Reading(flags="keta"),
}  # fmt: skip

_PACKAGES: Mapping[str, Reading] = {
    "apt-mark": Reading(sub=dict.fromkeys(("showhold", "showmanual", "showauto"), _NAMES)),
    "dnf": Reading(flags="Cq", long=options("--cacheonly --quiet"), sub={
        "repolist": Reading(flags="C", needs=("-C",)), "list": Reading(flags="C", needs=("-C",), words=_N),
        "info": Reading(flags="C", needs=("-C",), words=_N)}),
    "snap": Reading(sub={"list": _NAMES}), "flatpak": Reading(sub={"list": _BARE}),
    **dict.fromkeys(("pip", "pip3"), Reading(sub={"list": _BARE, "show": Reading(words=_N, least=1),
            "freeze": _BARE})),
    "apk": Reading(sub={"info": Reading(flags="vd", words=_N)}),
    "pacman": Reading(flags="Qiqedm", needs=("-Q",), words=_N),
    "update-alternatives": Reading(long=options("--list --display --query"), needs=("--list|--display|--query",),
            words=_N, most=1),
    "debsums": Reading(flags="csa", words=_N), "needrestart": Reading(flags="b", needs=("-b",)),
}  # fmt: skip

_VERSIONS: Mapping[str, Reading] = dict.fromkeys(
    options(
        "bash python3 perl php node ruby psql mysql curl wget git rsync java go ansible terraform sqlite3 sudo sed gawk"
    ),
    _VERSION,
)

TOOLS: Mapping[str, Reading] = {
    **_STORAGE, **_NETWORK, **_CLUSTERS, **_SERVERS, **_HARDWARE, **_ACCOUNTS, **_PACKAGES, **_VERSIONS,
}  # fmt: skip
"""Executable -> how it may be called."""
