"""The rules of the packet filter, of both families, without counters."""

TEXT = r"""
rules_of() { "$1" | sed -e '/^#/d' -e 's/^\(:[^ ]* [^ ]*\) .*/\1/'; }

state_firewall() {
    if have nft; then
        nft -s list ruleset 2>"$work/said"
    else
        for save in iptables-save ip6tables-save; do
            if have "$save"; then rules_of "$save" || return 1; fi
        done
    fi
}

save_firewall() { # and see beforehand that it could be put back
    if have nft; then
        { echo 'flush ruleset' && nft -s list ruleset; } >"$kept/ruleset" 2>"$work/said" || return 1
        nft -c -f "$kept/ruleset" 2>"$work/said"
        return
    fi
    for family in iptables ip6tables; do
        have "$family-save" || continue
        "$family-save" >"$kept/$family" && "$family-restore" --test <"$kept/$family" 2>"$work/said" || return 1
    done
}

restore_firewall() {
    if [ -e "$kept/ruleset" ]; then
        nft -f "$kept/ruleset" 2>"$work/said"
        return
    fi
    for family in iptables ip6tables; do
        if [ -e "$kept/$family" ]; then "$family-restore" <"$kept/$family" 2>"$work/said" || return 1; fi
    done
}
"""
