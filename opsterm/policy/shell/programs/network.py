"""Addresses, links, routes and the firewall."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, by_option, fixed, note, reads
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_SHOWS = ("show", "list", "lst", "ls", "s", "sh", "l", "get", "save", "showdump", "monitor", "help", "lis", "sho")
_OBJECTS = {
    "a": "address", "addr": "address", "address": "address", "l": "link", "link": "link", "r": "route", "ro": "route", "route": "route", "ru": "rule",
    "rule": "rule", "n": "neigh", "neigh": "neigh", "neighbour": "neigh", "neighbor": "neigh", "netns": "netns", "tunnel": "tunnel", "tun": "tunnel",
    "maddr": "maddr", "m": "maddr", "xfrm": "xfrm", "monitor": "monitor", "mon": "monitor", "vrf": "vrf", "nexthop": "nexthop", "macsec": "macsec", "token": "token",
}  # fmt: skip


def _ip(call: ProgramCall) -> None:
    """Follow ip: object, verb, then what it is about."""
    call.take(word_set("-f -family -n -netns -b -batch -rc -l"), dash_long=True, in_order=True)
    if call.has("-b", "-batch"):
        call.dark("Its commands are in a file that is not shown here.")
        call.add(_K.LOCKOUT, "", _C.LIKELY)
        return
    texts = [word.text for word in call.words]
    thing = _OBJECTS.get(texts[0], texts[0]) if texts else ""
    verb = texts[1] if len(texts) > 1 else "show"
    if thing == "netns" and verb in ("exec", "e") and len(texts) > 3:
        call.start(call.words[3:], "ip netns")
        return
    sets = thing == "link" and verb in ("s", "se") and len(texts) > 2
    if thing in ("monitor", "help", "") or (verb in _SHOWS and not sets) or call.has("-V", "-Version"):
        call.add(_K.READ)
        return
    if (
        thing == "xfrm"
        and verb in ("state", "policy", "monitor")
        and texts[2:3] in ([], ["list"], ["show"], ["ls"], ["count"], ["get"])
    ):
        call.add(_K.READ)
        return
    if thing == "route" and "get".startswith(verb):
        call.add(_K.READ)
        return
    rest = " ".join(texts[2:])
    call.add(_K.NETWORK, f"{thing} {verb} {rest}".strip()[:80])
    call.add(_K.LOCKOUT, rest[:80], _certainty(thing, verb, rest))


_VIRTUAL = re.compile(r"\b(?:dummy|veth|docker|br-|virbr|vnet|tap|lo\b|cni|flannel|cali|ifb|test)\S*")


def _certainty(thing: str, verb: str, rest: str) -> Certainty:
    """Return how likely a change of a link, address or route is to cut the line that we are on."""
    if _VIRTUAL.search(rest):
        return _C.POSSIBLE
    cuts = {
        "address": verb.startswith(("del", "d", "flush", "f", "repl")), "neigh": False, "netns": False,
        "link": bool(re.search(r"\bdown\b", rest)) or verb.startswith("del"),
        "route": verb.startswith(("del", "d", "flush", "f", "repl", "ch")) or bool(re.search(r"\b(?:default|blackhole|unreachable|prohibit|0\.0\.0\.0)", rest)),
        "rule": verb.startswith(("del", "d", "flush")) or bool(re.search(r"blackhole|prohibit|unreachable", rest)), "xfrm": True,
    }  # fmt: skip
    return _C.LIKELY if cuts.get(thing) else _C.POSSIBLE


def _ifconfig(call: ProgramCall) -> None:
    """Note what ifconfig changes: more than a name."""
    words = [word.text for word in call.arguments if word.text not in ("-a", "-s", "-v")]
    if len(words) < 2:
        call.add(_K.READ)
        return
    call.add(_K.NETWORK, " ".join(words)[:80])
    call.add(_K.LOCKOUT, words[0], _C.LIKELY if "up" not in words[1:] or len(words) > 2 else _C.POSSIBLE)


def _route(call: ProgramCall) -> None:
    """Note a route that is added or taken away."""
    words = [word.text for word in call.arguments if not word.text.startswith("-")]
    verb = next((word for word in words if word in ("add", "del", "delete", "flush", "change")), "")
    if not verb:
        call.add(_K.READ)
        return
    call.add(_K.NETWORK, " ".join(words)[:80])
    call.add(
        _K.LOCKOUT, " ".join(words[1:])[:80], _C.POSSIBLE if verb == "add" and "default" not in words else _C.LIKELY
    )


def _ethtool(call: ProgramCall) -> None:
    """Note what ethtool sets: its capital options and -s, -r, -p, -t."""
    first = call.arguments[0].text if call.arguments else ""
    if (
        re.fullmatch(
            r"-[ACGKLNUXWPEQsrptf]|--(?:change|pause|coalesce|features|offload|reset|flash|negotiate|identify|test|set.*|config.*)",
            first,
        )
        and first != "-P"
    ):
        call.add(_K.NETWORK, call.arguments[1] if len(call.arguments) > 1 else "")
        call.add(
            _K.LOCKOUT,
            call.arguments[1] if len(call.arguments) > 1 else "",
            _C.LIKELY if first in ("-s", "--change", "-r", "-f", "--reset") else _C.POSSIBLE,
        )
    else:
        call.add(_K.READ)


def _tc(call: ProgramCall) -> None:
    """Note what tc does to traffic."""
    words = [word.text for word in call.arguments if not word.text.startswith("-")]
    if len(words) < 2 or words[1] in ("show", "list", "ls", "s", "get", "dump"):
        call.add(_K.READ)
        return
    call.add(_K.NETWORK, " ".join(words)[:80])
    call.add(_K.LOCKOUT, " ".join(words[2:])[:80], _C.POSSIBLE if words[1].startswith("del") else _C.LIKELY)


_NMCLI = Verbs(
    takes=" -f -g -m -c -w -e --fields --get-values --mode --colors --wait --escape",
    table="""
    read: general general/status g status device/status device/show device/list device dev dev/show dev/status d d/show device/wifi/list connection/show connection
    read: con con/show c c/show con/list general/permissions monitor radio radio/all radio/wifi radio/wwan r r/w r/ww r/wifi networking/connectivity device/monitor general/logging
    read: connection/monitor device/wifi device/lldp/list dev/wifi/list dev/wifi networking n
    write_config: general/logging/level general/logging/domains general/logging/l general/logging/d
    network+lockout~: connection/down con/down c/down connection/delete con/delete con/del c/delete device/disconnect dev/disconnect d/disconnect device/delete dev/delete
    network+lockout~: networking/off n/off radio/wifi/off radio/all/off connection/modify con/modify con/mod c/mod c/modify device/set dev/set device/modify device/reapply dev/reapply
    network+lockout~: connection/reload con/reload connection/load connection/up con/up c/up device/connect device/up dev/up dev/connect connection/migrate device/wifi/hotspot
    network+lockout?: networking/on n/on radio/wifi/on radio/wifi connection/add con/add c/add connection/clone connection/import device/wifi/connect dev/wifi/connect
    network: general/hostname general/reload
    dark: connection/edit con/edit c/edit
    """,
    else_="network+lockout?",
)


_CHANGES_RULES = re.compile(
    r"-[vnx]*[ADIRFXNPE][vnx]*|--(?:append|delete|insert|replace|flush|delete-chain|new-chain|new|policy|rename-chain)"
)


def _iptables(call: ProgramCall) -> None:
    """Follow iptables: what is dropped may be us, what is let in may be anybody."""
    texts = [word.text for word in call.arguments]
    changes = any(_CHANGES_RULES.fullmatch(text) for text in texts)
    if not changes and any(
        text in ("-L", "-S", "-C", "--list", "--list-rules", "--check", "-V", "--version", "-h", "--help")
        or re.fullmatch(r"-[vnx]*[LSC][vnx]*", text)
        for text in texts
    ):
        call.add(_K.READ)
        if "-Z" in texts:
            call.add(_K.WRITE_CONFIG, "counters")
        return
    line = " ".join(texts)
    call.add(_K.NETWORK, line[:120])
    closes = re.search(r"\b(?:DROP|REJECT|TARPIT|DENY)\b", line)
    output_only = re.search(r"-(?:A|I)\s+(?:FORWARD|POSTROUTING|PREROUTING)\b", line)
    if re.search(r"(?:^| )(?:-F|--flush|-X|--delete-chain)(?: |$)|-[PD]\s|--(?:policy|delete)\b|-R\s", line):
        call.add(_K.LOCKOUT, line[:120], _C.LIKELY)
        if re.search(r"-F|--flush|-X|-P\s+\w+\s+ACCEPT|--policy\s+\w+\s+ACCEPT|-D\s", line):
            call.add(_K.FIREWALL_WEAKEN, line[:120])
    elif closes:
        call.add(_K.LOCKOUT, line[:120], _C.POSSIBLE if output_only else _C.LIKELY)
    elif re.search(r"-j\s+ACCEPT", line) and not re.search(
        r"(?:-s|--source|--src)\s+(?!0\.0\.0\.0/0)|ctstate|-i\s+lo\b", line
    ):
        call.add(_K.FIREWALL_WEAKEN, line[:120])
    elif not re.search(r"-j\s+(?:ACCEPT|LOG|RETURN)", line):
        call.add(_K.LOCKOUT, line[:120], _C.POSSIBLE)


def _restores(call: ProgramCall) -> None:
    """Note rules that are replaced as a whole."""
    tries = ("-t", "--test") if call.name in ("iptables-restore", "ip6tables-restore") else ()
    if any(word.text in (*tries, "-V", "--version", "-h", "--help") for word in call.arguments):
        call.add(_K.READ)
        return
    note(call, "network+firewall_weaken~+lockout~", call.words[0] if call.words else "")


_SHOWS_RULES = re.compile(r"\s*(?:list |monitor|describe|get )")


def _nft(call: ProgramCall) -> None:
    """Follow nft: list shows, -c checks, a file or a flush replaces what is there."""
    call.take(word_set("-f -I -D -d --file --includepath --define --debug"), in_order=True)
    texts = " ".join(word.text for word in call.words)
    if call.has("-c", "--check", "-v", "-V", "-h", "--help", "--version") or (
        texts
        and all(_SHOWS_RULES.match(one) for one in re.split(r"[;\n]\s*", texts) if one)
        and not call.has("-f", "-i")
    ):
        call.add(_K.READ)
        return
    call.add(_K.NETWORK, texts[:120])
    if call.has("-f", "--file", "-i") or re.search(r"\b(?:flush|delete|destroy|reset|replace)\b", texts):
        call.add(_K.LOCKOUT, texts[:120], _C.LIKELY)
        call.add(_K.FIREWALL_WEAKEN, texts[:120], _C.LIKELY)
    elif re.search(r"\b(?:drop|reject)\b|policy", texts):
        call.add(_K.LOCKOUT, texts[:120], _C.LIKELY)
    elif re.search(r"\baccept\b", texts) and "saddr" not in texts and "lo" not in texts.split():
        call.add(_K.FIREWALL_WEAKEN, texts[:120])
    elif not texts:
        call.dark("What nft reads is not shown here.")


_WAY_IN = re.compile(r"\b(?:22|ssh|OpenSSH|2222)\b", re.IGNORECASE)


def _ufw(call: ProgramCall) -> None:
    """Follow ufw."""
    call.take((), long=("--dry-run", "--force"))
    words = [word.text for word in call.words if word.text != "--force"]
    line = " ".join(words)
    if (
        call.has("--version", "--help")
        or not words
        or (
            call.has("--dry-run")
            and words[0] not in ("reset", "enable", "disable", "reload", "logging", "default", "app")
        )
        or words[0] in ("status", "show", "version")
        or line.startswith(("app list", "app info"))
    ):
        call.add(_K.READ)
        return
    call.add(_K.NETWORK, line)
    verb = words[0]
    if verb in ("disable", "reset"):
        call.add(_K.FIREWALL_WEAKEN, "ufw")
        call.add(_K.LOCKOUT, "ufw", _C.POSSIBLE)
    elif verb in ("enable", "reload") or re.search(
        r"default (?:deny|reject)|^(?:deny|reject|limit|insert \d+ (?:deny|reject)|prepend (?:deny|reject))", line
    ):
        call.add(_K.LOCKOUT, line, _C.LIKELY if verb != "reload" else _C.POSSIBLE)
    elif re.search(r"^(?:delete|route delete)", line):
        call.add(_K.LOCKOUT, line, _C.LIKELY)
        call.add(_K.FIREWALL_WEAKEN, line, _C.POSSIBLE)
    elif verb in ("allow", "insert", "prepend", "route") or line.startswith("default allow"):
        call.add(_K.FIREWALL_WEAKEN, line, _C.POSSIBLE if re.search(r"\bfrom (?!any\b)", line) else _C.CERTAIN)


def _firewall_cmd(call: ProgramCall) -> None:
    """Follow firewall-cmd."""
    call.take(word_set("--zone"))
    acts = [
        option
        for option in call.options
        if not re.match(
            r"--(?:list|get|query|info|state|check|version|help|zone|permanent|timeout|quiet|direct|ipset|service|path)",
            option.name,
        )
    ]
    if not acts:
        call.add(_K.READ)
        return
    for option in acts:
        line = option.word.text
        call.add(_K.NETWORK, line)
        if re.match(
            r"--(?:remove|panic-on|set-default-zone|complete-reload|reload|change|set-target|delete|lockdown-on|add-rich-rule.*(?:drop|reject)|load-zone-defaults|runtime-to|reset|add-source|add-interface)",
            line,
        ):
            mild = re.match(r"--(?:reload|runtime-to-permanent)", line)
            call.add(
                _K.LOCKOUT,
                line,
                _C.POSSIBLE if mild or (line.startswith("--remove") and not _WAY_IN.search(line)) else _C.LIKELY,
            )
        elif line.startswith("--add") or line.startswith("--panic-off"):
            call.add(_K.FIREWALL_WEAKEN, line)


def _ssh_ban(call: ProgramCall) -> None:
    """Follow fail2ban-client."""
    call.take(())
    texts = " ".join(word.text for word in call.words)
    if (
        re.match(r"(?:status|ping|version|get|banned|statistics|echo)\b", texts)
        or call.has("-V", "--version", "--help")
        or not texts
    ):
        call.add(_K.READ)
        return
    call.add(_K.NETWORK, texts)
    if re.search(r"\b(?:stop|unban|unbanip)\b", texts):
        call.add(_K.FIREWALL_WEAKEN, texts)
    if re.search(r"\bbanip\b", texts):
        call.add(_K.LOCKOUT, texts, _C.LIKELY)


_RESOLVECTL = Verbs(table="""
    read: status statistics query service openpgp tlsa dns domain llmnr mdns dnssec nta log-level monitor show-cache show-server-state
    write_config: flush-caches reset-statistics reset-server-features
    network: revert""", takes="-i -p -t -c --interface --protocol --type --class --service-address --service-txt --cname --validate --synthesize "
    "--cache --zone --trust-anchor --network --search --legend --stale-data --relax-single-label --json")  # fmt: skip


def _resolvectl(call: ProgramCall) -> None:
    """Follow resolvectl: with a link and a value behind it a word that shows also sets."""
    call.take(word_set(_RESOLVECTL.takes))
    sets = (
        call.word(0) in ("dns", "domain", "llmnr", "mdns", "dnssec", "nta", "default-route", "dnsovertls")
        and len(call.words) > 2
    )
    if sets or (call.word(0) == "log-level" and len(call.words) > 1):
        call.add(_K.NETWORK, call.word(1))
    else:
        _RESOLVECTL(call)


def _vtysh(call: ProgramCall) -> None:
    """Follow vtysh: each -c is a line for the router."""
    call.take(word_set("-c -f -d --vty_socket --config_dir -u"))
    lines = call.values("-c", "--command")
    for line in lines:
        verb = line.text.strip().split(" ")[0].lower() if line.text.strip() else ""
        if verb in ("show", "sh", "ping", "traceroute", "list", "find", "enable", "end", "exit", "do"):
            call.add(_K.READ, line)
        else:
            note(call, "write_config" if verb in ("write", "wr", "copy") else "network+lockout?", line)
    if call.has("-C", "--dryrun", "--version", "--help"):
        call.add(_K.READ)
    elif not lines:
        call.dark("It opens a session with the router, and what is typed there is not known.")


_CUTS = fixed("network+lockout~")
_RESTORE = _restores

PROGRAMS: Mapping[str, Deed] = {
    "ip": _ip, "ifconfig": _ifconfig, "route": _route, "ethtool": _ethtool, "tc": _tc, "nmcli": _NMCLI, "nmtui": fixed("dark"),
    "ifup": fixed("network+lockout?"), "ifdown": _CUTS, "ifreload": _CUTS, "ifquery": reads(content=False), "dhclient": by_option("read: --version", else_="network+lockout~"),
    "dhcpcd": by_option("read: -U --dumplease -T --test -V", else_="network+lockout?"), "udhcpc": fixed("network+lockout?"), "netplan": Verbs(table="read: get status info\nnetwork+lockout~: apply try rebind migrate\nwrite_config+lockout?: set generate"),
    "networkctl": Verbs(table="read: list status lldp label cat\nnetwork+lockout~: down delete reload reconfigure renew forcerenew edit mask\nnetwork: up"),
    "arp": by_option("network+lockout?: -d -s -f --delete --set", "-H -i", else_="read"), "arping": by_option("network: -U -A", "-I -c -w -s -i -W -S -t -T", else_="read"),
    "brctl": Verbs(table="read: show showmacs showstp\nnetwork+lockout~: addif delif delbr\nnetwork: addbr stp setfd setageing sethello"),
    "bridge": Verbs(table="read: link/show fdb/show vlan/show mdb/show link fdb vlan fdb/list link/list", else_="network+lockout?"),
    "ovs-vsctl": Verbs(table="read: show list list-br list-ports get find list-ifaces br-exists", else_="network+lockout?"), "ifenslave": _CUTS,
    "iwconfig": reads(content=False, most=1, beyond="network+lockout?"), "iw": Verbs(table="read: dev list phy reg/get event features help commands", pattern=((r"\b(?:link|info|scan|station dump|survey dump)$", "read"),), else_="network+lockout?"),
    "wpa_cli": Verbs(table="read: status scan_results list_networks ping signal_poll", takes="-i -p", else_="network+lockout?"), "rfkill": Verbs(table="read: list event\nnetwork+lockout?: block\nnetwork: unblock"),
    "wg": Verbs(table="read: show showconf genkey pubkey genpsk\nnetwork+lockout?: set setconf addconf syncconf"), "wg-quick": Verbs(table="read: strip\nnetwork+lockout~: up down save"),
    "tailscale": Verbs(table="read: status ip ping netcheck version whois\nnetwork+lockout~: down logout set up switch"), "openvpn": fixed("network+lockout?"),
    "ipsec": Verbs(table="read: status statusall listall version\nnetwork+lockout~: down stop restart reload update purge\nnetwork: up start"), "swanctl": by_option("read: --list-sas --list-conns --list-certs --list-pols --list-pools --list-authorities --list-algs --stats --version --log -l -L -S -x -P\nnetwork+lockout~: --terminate -t", else_="network+lockout?"),
    **dict.fromkeys(("iptables", "ip6tables", "ebtables", "arptables", "iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy"), _iptables),
    **dict.fromkeys(("iptables-restore", "ip6tables-restore", "ebtables-restore", "arptables-restore"), _RESTORE), "iptables-apply": _RESTORE,
    **dict.fromkeys(("iptables-save", "ip6tables-save", "ebtables-save", "nft-list", "ipset-list"), reads("-t -f --file -M", acts="-f=write --file=write", content=False)),
    "nft": _nft, "ufw": _ufw, "firewall-cmd": _firewall_cmd, "firewall-offline-cmd": _firewall_cmd, "fail2ban-client": _ssh_ban, "iptables-translate": reads(content=False),
    "ipset": Verbs(table="read: list save test help version -L\nnetwork+lockout~: flush destroy del add restore swap\nnetwork: create"),
    "conntrack": by_option("network+lockout?: -F -D -U -I --flush --delete", "-p -s -d -f -t", else_="read"), "shorewall": Verbs(table="read: status show check version dump\nnetwork+lockout~: start restart reload try refresh\nnetwork+lockout~+firewall_weaken: stop clear"),
    "netfilter-persistent": Verbs(table="write_config: save\nnetwork+lockout~: start reload restart\nnetwork+lockout~+firewall_weaken: flush stop"),
    "ipvsadm": by_option("network: -A -E -a -e -R --set --restore\nnetwork+service_stop: -D -d -C --clear --delete-service --delete-server", "-t -u -f -s -r -w", else_="read"),
    "vtysh": _vtysh, "resolvconf": by_option("read: -l --version", else_="write_config+network"), "tunctl": _CUTS, "vconfig": _CUTS,
    "resolvectl": _resolvectl,
}  # fmt: skip
