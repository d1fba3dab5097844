"""What firewalld lets in at the moment, a line "ZONE OPTION VALUE" each; what it lets in for good is files."""

TEXT = r"""
save_zones() { have firewall-cmd || { reason="there is no firewall-cmd" && return 1; }; }

state_zones() {
    if ! firewall-cmd --quiet --state; then
        echo "not running"
        return 0
    fi
    echo "default-zone $(firewall-cmd --get-default-zone)"
    firewall-cmd --list-all-zones | awk '
        /^[^ \t]/ { zone = $1; next }
        /^\t/ { sub(/^\t+/, ""); print zone, "rich-rule", $0; next }
        {
            name = $1
            sub(/:$/, "", name)
            if (name == "masquerade" || name == "forward") {
                if ($2 == "yes") print zone, name
            } else if (name != "target" && name != "icmp-block-inversion" && name != "rich")
                for (i = 2; i <= NF; i++) print zone, singular[name], $i
        }
        BEGIN {
            singular["services"] = "service"; singular["ports"] = "port"; singular["protocols"] = "protocol"
            singular["sources"] = "source"; singular["interfaces"] = "interface"
            singular["source-ports"] = "source-port"; singular["forward-ports"] = "forward-port"
            singular["icmp-blocks"] = "icmp-block"
        }' | sort
}

zone_each() { # add | remove, for lines of standard input
    while read -r zone option value; do
        if [ "$zone" = default-zone ]; then
            if [ "$1" = add ]; then firewall-cmd --quiet --set-default-zone="$option"; fi
        elif [ -n "$value" ]; then
            firewall-cmd --quiet --zone="$zone" "--$1-$option=$value"
        else
            firewall-cmd --quiet --zone="$zone" "--$1-$option"
        fi 2>>"$work/said"
    done
}

restore_zones() { # first what is for good, then what was there besides
    if [ "$(cat "$kept/before")" = "not running" ]; then return 0; fi
    firewall-cmd --quiet --reload 2>"$work/said" || return 1
    sort "$kept/before" >"$work/was"
    state_zones | sort >"$work/is"
    comm -13 "$work/was" "$work/is" | zone_each remove
    comm -23 "$work/was" "$work/is" | zone_each add
}
"""
