"""What one program shows and another sets."""

TEXT = r"""
save_sysctl() { :; }
state_sysctl() {
    if [ "$2" = - ]; then state_keys; else sysctl -n -- "$2" 2>"$work/said"; fi
}
restore_sysctl() {
    if [ "$2" = - ]; then restore_keys; else sysctl -q -w -- "$2=$(cat "$kept/before")" 2>"$work/said"; fi
}
state_keys() { # FILE:VALUE of every key that can be read and set; what the kernel counts there itself is left out
    find /proc/sys -type f -perm -600 ! -path '/proc/sys/kernel/random/*' ! -name ns_last_pid ! -path '*binfmt_misc*' \
        ! -name '*_secret' ! -name '*_key' ! -path '*/veth*' ! -path '*/cali*' ! -path '*/sched_domain/*' \
        -exec grep -s -H '' {} + | sort
}
restore_keys() {
    for _ in 1 2 3; do # one key can set others, as that of forwarding does
        state_keys >"$work/is"
        comm -23 "$kept/before" "$work/is" | while IFS=: read -r file value; do
            printf '%s\n' "$value" >"$file" 2>>"$work/said"
        done
    done
}

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
