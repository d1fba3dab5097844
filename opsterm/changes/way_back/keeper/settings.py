"""What one program shows and another sets."""

TEXT = r"""
save_sysctl() { :; }
state_sysctl() { sysctl -n -- "$2" 2>"$work/said"; }
restore_sysctl() { sysctl -q -w -- "$2=$(cat "$kept/before")" 2>"$work/said"; }

save_hostname() { :; }
state_hostname() { hostname; }
restore_hostname() { hostname -- "$(cat "$kept/before")" 2>"$work/said"; }

save_crontab() { have crontab || { reason="there is no crontab" && return 1; }; }
account_of() { if [ "$1" = - ]; then id -un; else printf '%s\n' "$1"; fi; }
state_crontab() { crontab -u "$(account_of "$2")" -l 2>/dev/null || echo none; }
restore_crontab() {
    if [ "$(cat "$kept/before")" = none ]; then
        crontab -u "$(account_of "$2")" -r 2>"$work/said"
    else
        crontab -u "$(account_of "$2")" "$kept/before" 2>"$work/said"
    fi
}

save_module() { :; }
state_module() { if grep -q "^$2 " /proc/modules; then echo loaded; else echo absent; fi; }
restore_module() {
    if [ "$(cat "$kept/before")" = loaded ]; then modprobe -- "$2"; else modprobe -r -- "$2"; fi 2>"$work/said"
}
"""
