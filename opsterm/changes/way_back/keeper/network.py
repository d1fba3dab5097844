"""Links (up or down, size of packets), addresses, routes and rules of routing."""

TEXT = r"""
show_links() {
    ip -o link show | sed -e 's/^[0-9]*: //' | awk '{
        up = ($2 ~ /[<,]UP[,>]/) ? "up" : "down"
        for (i = 3; i < NF; i++) if ($i == "mtu") mtu = $(i + 1)
        sub(/:$/, "", $1); sub(/@.*/, "", $1)
        print $1, up, mtu
    }' | sort
}
show_addresses() { # LINK FAMILY ADDRESS [brd B] [scope S] LABEL
    ip -o addr show | awk '{
        line = $2
        for (i = 3; i <= NF && $i != "\\" && $i != "valid_lft"; i++) if ($i != "dynamic") line = line " " $i
        print line
    }' | sed 's/\\.*//' | grep -v ' fe80:' | sort
}
show_routes() { # FAMILY ROUTE; those that the kernel makes of addresses are left out
    for family in -4 -6; do
        ip "$family" route show table all 2>/dev/null |
            grep -v -E '^(local|broadcast|multicast|anycast|unreachable) | proto (kernel|ra)' |
            sed -E -e 's/ (linkdown|dead|pref [a-z]+|expires [0-9a-z]+)//g' -e 's/ *$//' -e "s/^/$family /"
    done | sort
}
show_rules() { for family in -4 -6; do ip "$family" rule show 2>/dev/null | sed "s/^/$family /"; done; }

save_network() { have ip || { reason="there is no ip" && return 1; } }

state_network() {
    show_links | sed 's/^/link /'
    show_addresses | sed 's/^/address /'
    show_routes | sed 's/^/route /'
    show_rules | sed 's/^/rule /'
}

was() { sed -n "s/^$1 //p" "$kept/before" | sort; }
only_in() { comm -23 "$1" "$2"; } # lines of the first file that the second has not

restore_network() { # links, then addresses, then routes, then rules
    show_links >"$work/is"
    was link >"$work/was"
    cut -d' ' -f1 "$work/was" >"$work/names"
    cut -d' ' -f1 "$work/is" | only_in - "$work/names" | while read -r link; do
        ip link del "$link" 2>>"$work/said"
    done
    only_in "$work/was" "$work/is" | while read -r link up mtu; do
        ip link set dev "$link" mtu "$mtu" "$up" 2>>"$work/said"
    done
    show_addresses >"$work/is"
    was address >"$work/was"
    only_in "$work/is" "$work/was" | while read -r link _ address _; do
        ip addr del "$address" dev "$link" 2>>"$work/said"
    done
    show_addresses >"$work/is"
    only_in "$work/was" "$work/is" | while read -r link _ address rest; do
        # shellcheck disable=SC2086 # the rest are words of ip
        ip addr add "$address" dev "$link" $(for_ip $rest) 2>>"$work/said"
    done
    show_routes >"$work/is"
    was route >"$work/was"
    only_in "$work/is" "$work/was" | while read -r family route; do
        # shellcheck disable=SC2086
        ip "$family" route del $route 2>>"$work/said"
    done
    show_routes >"$work/is"
    only_in "$work/was" "$work/is" | while read -r family route; do
        # shellcheck disable=SC2086
        ip "$family" route add $route 2>>"$work/said"
    done
    show_rules | sort >"$work/is"
    was rule >"$work/was"
    only_in "$work/is" "$work/was" | while read -r family preference rule; do
        # shellcheck disable=SC2086
        ip "$family" rule del preference "${preference%:}" $rule 2>>"$work/said"
    done
    only_in "$work/was" "$work/is" | while read -r family preference rule; do
        # shellcheck disable=SC2086
        ip "$family" rule add preference "${preference%:}" $rule 2>>"$work/said"
    done
}

for_ip() { # the words of an address that are said when it is added
    while [ $# -gt 1 ]; do
        case $1 in
            brd | scope | peer) printf '%s %s ' "$1" "$2" ;;
            noprefixroute | nodad) printf '%s ' "$1" ;;
        esac
        shift
    done
    if [ $# -eq 1 ] && [ "$1" != secondary ]; then printf 'label %s' "$1"; fi
}
"""
