"""A change that is taken back by the target itself unless somebody confirms it in time.

The state lies on the target: pending, lost, confirmed, reverting, reverted or revert-failed; lost is what waited
without a system manager and has not outlived a boot. `decided` is made by `ln`, which is atomic and brings its word
with it: the first of confirming and taking back wins. ARM stores a text that takes back (`stored`, made by `script`),
starts what runs it, waits there from then on, and goes ahead of other work; and sees that this is there. Time is that
of /proc/uptime, which no setting of the clock moves. Exit status 6: decided otherwise already. Two changes of one
thing do not wait at the same time: each looks for the other once it is armed itself, so that at least one of them
sees the other and gives way.
"""

TEXT = r"""
guard_state() {
    if [ ! -e "$guard/armed" ]; then
        echo none
    elif [ ! -e "$guard/decided" ] && guard_lost "$guard" && [ ! -e "$guard/decided" ]; then
        echo lost
    elif [ ! -e "$guard/decided" ]; then
        echo pending
    elif [ -e "$guard/result" ]; then
        cat "$guard/result"
    else
        cat "$guard/decided"
    fi
}

guard_lost() { # GUARD: whether what would take back is gone
    if [ -e "$units/opsterm-guard-$(basename "${1%/guard}")-boot.service" ]; then return 1; fi
    if [ "$(cat "$1/boot" 2>/dev/null)" != "$(cat /proc/sys/kernel/random/boot_id)" ]; then return 0; fi
    ! kill -0 "$(cat "$1/pid" 2>/dev/null)" 2>/dev/null
}

guard_status() { # the state, what could not be taken back, and the seconds that are left while it is pending
    state=$(guard_state) left=0
    if [ "$state" = pending ]; then guard_left; fi
    wrong=$(grep -v -E '^(as |half put|put back|not seen)' "$guard/told" 2>/dev/null | head -n 4)
    tell guard "$state" "$(printf '%s' "$wrong" | tr '\n\t' '; ' | cut -c1-400)" "$(guard_seconds "$left")"
}

guard_left() { # into $left: hundredths of a second until it is due; no program is started for that
    due=0.00
    read -r due <"$guard/due"
    read -r uptime _ </proc/uptime
    left=$(((${due%.*} - ${uptime%.*}) * 100 + 1${due#*.} - 1${uptime#*.}))
    if [ "$left" -lt 0 ]; then left=0; fi
}

guard_seconds() { printf '%d.%02d' $(($1 / 100)) $(($1 % 100)); } # HUNDREDTHS

guard_due() { # SECONDS from now
    awk -v seconds="$1" '{ printf "%.2f\n", $1 + seconds }' /proc/uptime 2>/dev/null >"$guard/due.new" || return 1
    mv "$guard/due.new" "$guard/due"
}

guard_nap() { sleep "$1" 2>/dev/null || sleep 1; }

guard_wait() { # until it is due; fails once it is decided
    while [ ! -e "$guard/decided" ]; do
        guard_left
        if [ "$left" = 0 ] || [ -e "$guard/now" ]; then return 0; fi
        if [ "$left" -lt 100 ]; then guard_nap "$(guard_seconds "$left")"; else guard_nap 1; fi
    done
    return 1
}

guard_quietly() { # COMMAND...: leaves the folders of units with the times they had, which may be a part of what is kept
    touch -r "$units" "$guard/times" 2>/dev/null
    touch -r "$units/multi-user.target.wants" "$guard/wants" 2>/dev/null
    "$@"
    quietly=$?
    touch -r "$guard/wants" "$units/multi-user.target.wants" 2>/dev/null
    touch -r "$guard/times" "$units" 2>/dev/null
    return "$quietly"
}

guard_enable() { # after a boot, too
    printf '%s\n' '[Unit]' "Description=Take back $point, which nobody has confirmed" '[Service]' Type=oneshot \
        "ExecStart=/bin/sh $guard/fire now" >"$units/$unit-boot.service" &&
        mkdir -p "$units/multi-user.target.wants" &&
        ln -sf "../$unit-boot.service" "$units/multi-user.target.wants/$unit-boot.service"
}

guard_begun() { # waits until what takes back is there, and has told its number
    tries=0
    while [ "$tries" -lt 50 ]; do
        if [ -s "$guard/pid" ] && kill -0 "$(cat "$guard/pid")" 2>/dev/null; then return 0; fi
        tries=$((tries + 1))
        guard_nap 0.1
    done
    return 1
}

guard_by_systemd() { # only that of root outlives the log-in; it also takes back after a boot
    if [ "$(id -u)" != 0 ] || [ -n "${KEEPER_BASE:-}" ] || [ ! -d /run/systemd/system ]; then return 1; fi
    have systemd-run || return 1
    # shellcheck disable=SC2086 # several words
    guard_quietly guard_enable &&
        on_disk "$units/$unit-boot.service" && on_disk "$units/multi-user.target.wants" &&
        { guard_start $GUARD_AHEAD || guard_start; } && return 0
    guard_disarm
    return 1
}

GUARD_AHEAD='--collect -p Nice=-10 -p OOMScoreAdjust=-900 -p RestartForceExitStatus=SIGTERM' # not known to old ones

guard_start() { # OPTION...: it waits there from the start, for a busy host takes half a second to start it later
    systemd-run --quiet "$@" --unit="$unit" -p Restart=on-failure /bin/sh "$guard/fire" wait \
        >"$work/said" 2>&1 </dev/null && guard_begun && systemctl --quiet is-active "$unit.service" && return 0
    systemctl stop "$unit.service" >/dev/null 2>&1
    systemctl reset-failed "$unit.service" >/dev/null 2>&1
    rm -f "$guard/pid"
    return 1
}

guard_by_setsid() {
    have setsid || return 1
    setsid -f sh "$guard/fire" wait >/dev/null 2>&1 </dev/null || # that of busybox knows no -f
        setsid sh "$guard/fire" wait >/dev/null 2>&1 </dev/null &
    guard_begun
}

guard_disarm() {
    if [ -e "$units/$unit-boot.service" ]; then
        guard_quietly rm -f "$units/multi-user.target.wants/$unit-boot.service" "$units/$unit-boot.service"
    fi
    if [ "${1:-}" = waiting ] && [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ]; then
        systemctl stop "$unit.service" >/dev/null 2>&1
    fi
    return 0
}

guard_other() { # the name of another point that waits and is about some of the same things
    for other in "$base"/c*/guard; do
        if [ "$other" = "$guard" ] || [ ! -e "$other/armed" ] || [ -e "$other/decided" ]; then continue; fi
        if guard_lost "$other"; then continue; fi
        awk '
            function family(kind) { return (kind == "rights") ? "files" : kind }
            function within(one, other) { sub(/\/$/, "", other); return index(one "/", other "/") == 1 }
            NR == FNR { kind[NR] = family($2); name[NR] = $4; count = NR; next }
            {
                for (i = 1; i <= count; i++)
                    if (kind[i] == family($2) && (name[i] == $4 || kind[i] == "files" &&
                        (within(name[i], $4) || within($4, name[i])))) found = 1
            }
            END { exit !found }' "$point/things" "${other%/guard}/things" && basename "${other%/guard}" && return 0
    done
    return 1
}

guard_arm() { # SECONDS
    if [ -e "$guard/armed" ]; then
        guard_status
        [ "$(guard_state)" = pending ]
        return
    fi
    rm -rf "$guard"
    mkdir -p "$guard" "$point/work.fire" && cat /proc/sys/kernel/random/boot_id >"$guard/boot" &&
        stored >"$guard/fire" && guard_due "$1" && echo confirmed >"$guard/confirmed" &&
        echo reverting >"$guard/reverting" && dd if=/dev/zero of="$guard/room" bs=65536 count=64 2>/dev/null || {
        tell failed 0 "there is no room for what would take it back"
        return 3
    }
    on_disk "$guard"
    if guard_by_systemd "$1"; then
        how=systemd boot=boot
    elif guard_by_setsid; then
        how=setsid boot="no boot"
    else
        rm -rf "$guard"
        tell failed 0 "nothing can be started there that would take it back: neither systemd for root nor setsid"
        return 3
    fi
    guard_due "$1" # starting it has taken a part of the time
    : >"$guard/armed"
    on_disk "$guard"
    if other=$(guard_other); then
        if ln "$guard/confirmed" "$guard/decided" 2>/dev/null; then guard_disarm waiting && rm -rf "$guard"; fi
        tell failed 0 "${other%-*} changes some of the same things there and still waits to be confirmed"
        return 3
    fi
    tell armed "$how" "$boot"
}

guard_extend() { # SECONDS from now
    if [ "$(guard_state)" = pending ]; then guard_due "$1"; fi
    guard_status
    [ "$(guard_state)" = pending ] || return 6
}

guard_revert() { # now: what waits there is woken, and takes back
    if [ "$(guard_state)" = pending ]; then
        : >"$guard/now" # an empty file: a full disk takes no new deadline in
        if [ -e "$units/$unit-boot.service" ] && ! kill -0 "$(cat "$guard/pid")" 2>/dev/null; then
            systemctl start --no-block "$unit-boot.service"
        fi
    fi
    guard_status
    case $state in pending | reverting | reverted) ;; *) return 6 ;; esac
}

guard_confirm() {
    if [ ! -e "$guard/armed" ]; then
        guard_status
        return 3
    fi
    ln "$guard/confirmed" "$guard/decided" 2>/dev/null
    on_disk "$guard"
    guard_status
    [ "$(guard_state)" = confirmed ] || return 6
    guard_disarm waiting
    rm -f "$guard/room"
}

give_back() { # OPTION NAME: what somebody else has changed since stays; the rest is put back, its end seen or not
    { have "quick_$kind" && "quick_$kind" "$1" "$2"; } || look_at "$1" "$2"
    tell_standing "$1" "$2"
    if [ "$stands" = other ]; then wrong=1; else restore_it "$1" "$2"; fi
    return 0
}

guard_fire() { # wait | now: `now` is after a boot, and takes up again what was cut
    again=$1
    if [ "$1" = wait ]; then
        if [ -e "$guard/decided" ]; then again=now; fi # it was killed while it took back, and started again
        echo $$ >"$guard/pid"
        stale=no # files of units that the change wrote were read by then, or their unit says so
        [ "$again" = now ] || guard_wait || return 0
    fi
    if ! ln "$guard/reverting" "$guard/decided" 2>/dev/null; then
        if [ "$again" = wait ] || [ "$(guard_state)" != reverting ]; then
            guard_disarm
            return 0
        fi
    fi
    rm -f "$guard/room" "$point/room"
    wrong=0
    { each give_back && each prove; } >"$guard/told" 2>&1
    if [ "$wrong" = 0 ]; then : >"$point/restored"; fi
    if [ "$wrong" = 0 ]; then echo reverted; else echo revert-failed; fi >"$guard/result.new"
    mv "$guard/result.new" "$guard/result"
    sync
    guard_disarm
}
"""
