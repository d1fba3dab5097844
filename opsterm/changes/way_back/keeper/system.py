"""What is mounted, what swaps, priorities, SELinux, and what is done again once files are as they were."""

TEXT = r"""
save_mounts() { have findmnt || { reason="there is no findmnt" && return 1; }; }

state_mounts() { # TARGET SOURCE TYPE OPTIONS, blanks written as \x20; what the system mounts by itself is left out
    findmnt -rn -o TARGET,SOURCE,FSTYPE,OPTIONS |
        grep -v -E -e '^/(proc|run/(user|credentials|lock)|var/lib/(docker|containers|kubelet))/' \
            -e '^[^ ]+ [^ ]+ (autofs|nsfs|binfmt_misc) ' | sort
}

plain() { printf '%b' "$1"; }

restore_mounts() {
    state_mounts >"$work/is"
    cut -d' ' -f1 "$kept/before" >"$work/was.targets"
    comm -13 "$kept/before" "$work/is" | sort -r | while read -r target _; do
        grep -qxF -e "$target" "$work/was.targets" || umount -- "$(plain "$target")" 2>>"$work/said"
    done
    cut -d' ' -f1 "$work/is" >"$work/is.targets"
    comm -23 "$kept/before" "$work/is" | while read -r target source type options; do
        if grep -qxF -e "$target" "$work/is.targets"; then
            mount -o "remount,$options" -- "$(plain "$target")" 2>>"$work/said"
        else
            mount -t "$type" -o "$options" -- "$(plain "$source")" "$(plain "$target")" 2>>"$work/said"
        fi
    done
}

save_swap() { have swapon || { reason="there is no swapon" && return 1; }; }
state_swap() { # NAME PRIORITY; the kernel gives a negative one by itself
    awk 'NR > 1 { print $1, ($5 < 0) ? "-" : $5 }' "${KEEPER_SWAPS:-/proc/swaps}" | sort
}
restore_swap() {
    state_swap >"$work/is"
    comm -13 "$kept/before" "$work/is" | while read -r name _; do swapoff -- "$name" 2>>"$work/said"; done
    comm -23 "$kept/before" "$work/is" | while read -r name priority; do
        if [ "$priority" = - ]; then swapon -- "$name"; else swapon -p "$priority" -- "$name"; fi 2>>"$work/said"
    done
}

save_priority() { [ -r "/proc/$2/stat" ] || { reason="there is no process $2" && return 1; }; }
state_priority() { # NICE START, then the class of its disk use: the start tells it from one that has its number later
    if [ ! -r "/proc/$2/stat" ]; then
        echo gone
        return 0
    fi
    sed 's/.*) //' "/proc/$2/stat" | cut -d' ' -f17,20
    if have ionice; then ionice -p "$2"; fi
}
restore_priority() {
    read -r nice start <"$kept/before"
    if [ "$(sed 's/.*) //' "/proc/$2/stat" 2>/dev/null | cut -d' ' -f20)" != "$start" ]; then
        reason="the process has ended"
        return 1
    fi
    renice -n "$nice" -p "$2" >/dev/null 2>"$work/said" || return 1
    have ionice || return 0
    case $(sed -n 2p "$kept/before") in
        none*) ionice -c 0 -p "$2" ;;
        realtime*) ionice -c 1 -n "$(sed -n '2s/.*prio //p' "$kept/before")" -p "$2" ;;
        best-effort*) ionice -c 2 -n "$(sed -n '2s/.*prio //p' "$kept/before")" -p "$2" ;;
        idle*) ionice -c 3 -p "$2" ;;
    esac 2>"$work/said"
}

save_selinux() { have getenforce || { reason="there is no SELinux" && return 1; }; }
state_selinux() { getenforce; }
restore_selinux() { setenforce "$(cat "$kept/before")" 2>"$work/said"; }

save_again() { :; }
state_again() { echo done; }
restore_again() {
    case $2 in
        daemon-reload) systemctl daemon-reload ;;
        netplan) netplan apply ;;
        udev) udevadm control --reload ;;
        exports) exportfs -ra ;;
        linker-cache) ldconfig ;;
        audit-rules) augenrules --load ;;
        *) reason="it is not known how that is done again" && return 1 ;;
    esac >"$work/said" 2>&1
}
"""
