"""What is set for one link: how its packets wait, what its card does by itself, and its profile in NetworkManager."""

TEXT = r"""
save_queue() {
    have tc || { reason="there is no tc" && return 1; }
    tc qdisc show dev "$2" >"$kept/queues" 2>"$work/said" || return 1
    if [ -z "$(grep -v '^qdisc [^ ]* 0: ' "$kept/queues")" ]; then return 0; fi
    if [ "$(wc -l <"$kept/queues")" != 1 ] || [ -n "$(tc class show dev "$2")$(tc filter show dev "$2")" ]; then
        reason="the queues of $2 have classes or filters, and those are not kept"
        return 1
    fi
}
state_queue() { # the number of a queue is another one each time
    tc qdisc show dev "$2" 2>"$work/said" | sed -E 's/^(qdisc [^ ]+) [^ ]+/\1/; s/ refcnt [0-9]+//; s/ seed [0-9]+//'
}
restore_queue() {
    tc qdisc del dev "$2" root 2>/dev/null # fails where it is the usual one
    if [ -z "$(grep -v '^qdisc [^ ]* 0: ' "$kept/queues")" ]; then return 0; fi
    # shellcheck disable=SC2046 # words of tc
    tc qdisc replace dev "$2" root $(sed -E 's/^qdisc ([^ ]+) root/\1/' "$kept/before") 2>"$work/said"
}

save_offload() { have ethtool || { reason="there is no ethtool" && return 1; }; }
state_offload() { # NAME: on | off
    ethtool -k "$2" 2>"$work/said" | sed -n '2,$s/^[[:blank:]]*//p' | grep -v '\[fixed\]' | sed 's/ \[.*//'
}
restore_offload() { # names of groups are not taken, those in them are
    state_offload "$1" "$2" >"$work/is"
    sort "$work/is" >"$work/sorted"
    sort "$kept/before" | comm -23 - "$work/sorted" | while IFS=': ' read -r name value; do
        ethtool -K "$2" "$name" "$value" >/dev/null 2>>"$work/said"
    done
}

save_connections() { have nmcli || { reason="there is no nmcli" && return 1; }; }
state_connections() {
    nmcli -t connection show "$2" 2>/dev/null |
        sed -n -E -e '/^(IP4|IP6|DHCP4|DHCP6)\./d' -e '/^connection\.timestamp:/d' -e '/^GENERAL\.STATE:/p' \
            -e '/^GENERAL/d' -e p
    return 0
}
restore_connections() { # its files are as they were
    nmcli connection reload 2>"$work/said" || return 1
    if grep -q '^GENERAL.STATE:activated' "$kept/before"; then
        nmcli connection up "$2" >/dev/null 2>"$work/said"
    elif [ -s "$kept/before" ]; then
        nmcli connection down "$2" >/dev/null 2>&1
    fi
    return 0
}
"""
