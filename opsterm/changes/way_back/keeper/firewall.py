"""The rules of the packet filter, of both families, without counters, and the sets of addresses that they name.

A table that iptables keeps is put back by iptables, be it over nft: nft shows such rules, and does not load all of them
as they were. Any other table is put back by nft, all of them at once.
"""

TEXT = r"""
rules_of() { # FAMILY: what iptables keeps of it
    case $1 in ip) set -- iptables-save ;; ip6) set -- ip6tables-save ;; *) return 0 ;; esac
    if have "$1"; then "$1" 2>/dev/null | sed -e '/^#/d' -e 's/^\(:[^ ]* [^ ]*\) .*/\1/'; fi
}

foreign_tables() { for family in ip ip6; do rules_of "$family" | sed -n "s/^\*/$family /p"; done; }

own_tables() { # FAMILY NAME of those that nft alone knows
    foreign_tables >"$work/foreign"
    nft list tables 2>"$work/said" | while read -r _ family name; do
        grep -qxF -e "$family $name" "$work/foreign" || echo "$family $name"
    done
}

own_rules() {
    own_tables | while read -r family name; do
        nft -s list table "$family" "$name" 2>"$work/said" || return 1
    done
}

sets_of() { if have ipset; then ipset save 2>/dev/null; fi; }

state_firewall() {
    if have nft; then own_rules || return 1; fi
    for family in ip ip6; do rules_of "$family"; done
    # What time has made of an entry is left out.
    sets_of | sed -E '/^add /s/ (timeout|packets|bytes) [0-9]+//g' | sort
}

loading() { # what nft loads to put its own tables back
    own_tables | sed 's/^/delete table /'
    cat "$kept/ruleset"
}

save_firewall() { # and see beforehand that it could be put back
    sets_of >"$kept/sets"
    for family in ip ip6; do rules_of "$family" >"$kept/$family"; done
    foreign_tables >"$kept/foreign"
    if have nft; then
        own_rules >"$kept/ruleset" && loading >"$work/load" && nft -c -f "$work/load" 2>"$work/said" || return 1
    fi
    for family in ip ip6; do put_rules "$family" --test || return 1; done
}

put_rules() { # FAMILY [--test]
    [ -s "$kept/$1" ] || return 0
    if [ "$1" = ip ]; then restore=iptables-restore; else restore=ip6tables-restore; fi
    "$restore" ${2:+"$2"} <"$kept/$1" 2>"$work/said"
}

names_of_sets() { sed -n 's/^create \([^ ]*\) .*/\1/p' | sort; }

restore_firewall() { # sets before the rules that name them; new ones go when no rule names them any more
    if have ipset; then
        names_of_sets <"$kept/sets" | while read -r name; do ipset -q flush "$name"; done
        ipset -exist restore <"$kept/sets" 2>"$work/said" || return 1
    fi
    if [ -e "$kept/ruleset" ]; then
        loading >"$work/load" && nft -f "$work/load" 2>"$work/said" || return 1
    fi
    foreign_tables | while read -r family name; do # those that came since are emptied, or gone where nft can
        grep -qxF -e "$family $name" "$kept/foreign" || nft delete table "$family" "$name" 2>/dev/null ||
            empty_table "$family" "$name"
    done
    put_rules ip && put_rules ip6 || return 1
    if have ipset; then
        names_of_sets <"$kept/sets" >"$work/was"
        sets_of | names_of_sets | comm -13 "$work/was" - | while read -r name; do ipset -q destroy "$name"; done
    fi
    return 0
}

empty_table() { # FAMILY NAME, of the older iptables, whose tables stay
    if [ "$1" = ip ]; then set -- iptables "$2"; else set -- ip6tables "$2"; fi
    "$1" -t "$2" -F && "$1" -t "$2" -X
}
"""
