"""Keeps the state of what a change touches, on the target itself, and puts it back.

POSIX sh. The texts of the kinds that are needed stand behind this one, then a call of `keeper` with a line "KIND
OPTION NAME" on its standard input for each thing, in the order in which they are put back. It tells one fact a line,
fields parted by a tab; exit status 0 done, 3 could not be kept, 4 nothing was put back, 5 put back and not equal.
Each kind has save_KIND (what state alone does not tell), state_KIND (a text that is equal when the state is) and
restore_KIND, each called with OPTION and NAME, and may have saved_KIND (waits for what save has begun) and ready_KIND
(whether putting back can succeed); $kept is the folder of the thing, $work one for the moment, and $reason says why a
step failed.
"""

TEXT = r"""
set -u
umask 077
LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export LC_ALL PATH
SPARE_KB=${KEEPER_SPARE_KB:-65536}
here=$(pwd)
sending=no
stale=yes # whether files of units may be others than those that the system manager has read

tell() { # WORD [FIELD...]
    printf '%s' "$1"
    shift
    for field; do printf '\t%s' "$field"; done
    printf '\n'
}
have() { command -v "$1" >/dev/null 2>&1; }
between() { # how two states differ; busybox knows only the unified form
    diff "$1" "$2" | sed '1,2{/^[-+][-+][-+] /d;}' | grep '^[-+<>]' | head -n 4 | tr '\n\t' '; ' | cut -c1-400
}
shown() { # OPTION NAME: what a thing is, in words
    case $2 in -) set -- "$1" "" ;; esac
    if [ "$kind" = moved ]; then set -- "$1" "${2%/*}"; fi # from where, and not into which folder
    case $1 in
        - | restart | reload | /* | ^*) printf '%s %s' "$kind" "$2" ;;
        *) printf '%s %s/%s' "$kind" "${2%/}" "$1" ;;
    esac | tr '\n\t' '??'
}
free_kb() { df -Pk "$1" 2>/dev/null | awk 'END { if ($4 ~ /^[0-9]+$/) print $4; else print 999999999 }'; }
on_disk() { # PLACE: waits for what is below it alone; for everything a busy host would take minutes
    find "$1" ! -type l -print0 | xargs -0 sync -- 2>/dev/null || sync
}
said() { head -n 3 "$work/said" 2>/dev/null | tr '\n\t' '  ' | cut -c1-300; }

each() { # FUNCTION: calls it for each thing of the point, with OPTION and NAME, until it fails
    while read -r number kind option name <&3; do
        kept=$point/$number
        option=$(printf '%bx' "$option") && option=${option%x}
        name=$(printf '%bx' "$name") && name=${name%x}
        "$1" "$option" "$name" 3<&- </dev/null || return $?
    done 3<"$point/things"
}

can_write() { # whether lists and states can be: on a full disk they are cut short, and some say nothing
    dd if=/dev/zero of="$work/room" bs=65536 count=2 2>/dev/null
    full=$?
    rm -f "$work/room"
    return "$full"
}

state_into() { # FILE OPTION NAME: fails, and leaves nothing, when a full disk does not take in all of it
    text=$("state_$kind" "$2" "$3" && echo .) || return 1
    { printf '%s' "${text%.}" >"$1"; } 2>/dev/null && return 0
    rm -f "$1"
    return 1
}

keep() { # OPTION NAME
    mkdir "$kept" || return 3
    reason=
    : >"$work/said"
    if { "save_$kind" "$1" "$2" && state_into "$kept/before" "$1" "$2" && saved; } 2>>"$work/said" &&
        has_room; then
        tell kept "$number" "$(du -sk "$kept" | cut -f1)" "$(sha256sum <"$kept/before" | cut -d' ' -f1)"
    else
        if has_room; then reason=${reason:-$(said)}; fi
        tell failed "$number" "$reason"
        return 3
    fi
}

saved() { # whether what is written meanwhile is written
    if have "saved_$kind"; then "saved_$kind"; fi
}

has_room() { # a disk that fills up meanwhile may have cut what was written
    if [ "$(free_kb "$point")" -ge $((SPARE_KB / 2)) ]; then return 0; fi
    reason="the disk of $base has filled up while it was kept"
    return 1
}

reserve() { # so that a disk that the change fills does not stop the putting back
    lists=$(find "$point" -type f ! -name archive -exec du -k {} + | awk '{ sum += $1 } END { print sum + 0 }')
    dd if=/dev/zero of="$point/room" bs=1024 count=$((lists * 4 + 256)) 2>/dev/null
}

note() { # OPTION NAME: how the change left it, unless it is being taken back already
    if [ -e "$guard/decided" ]; then return 0; fi
    can_write || { rm -f "$point/room" && can_write; } || return 0
    if have "stamp_$kind"; then "stamp_$kind" >"$work/stamped" 2>/dev/null || : >"$work/stamped"; fi
    state_into "$work/after" "$1" "$2" || return 0
    if [ -s "$work/stamped" ] && "stamp_$kind" 2>/dev/null | cmp -s - "$work/stamped"; then
        cp "$work/stamped" "$kept/stamp" 2>/dev/null || rm -f "$kept/stamp"
    fi
    mv "$work/after" "$kept/after"
    tell noted "$number"
}

look_at() { # OPTION NAME: how it stands, into $stands
    stands=unread
    state_into "$work/now" "$1" "$2" || return 4
    if cmp -s "$work/now" "$kept/before"; then
        stands=before
    elif [ -e "$kept/restoring" ]; then
        stands=half
    elif called=${point##*/} && [ "${called#r}" != "$called" ]; then # no change is known after it
        stands=by-hand
    elif [ ! -e "$kept/after" ]; then # its end was not seen: it may go on, and write after it was put back
        stands=unseen
    elif cmp -s "$work/now" "$kept/after"; then
        stands=left
    else
        stands=other
    fi
}

tell_standing() { # OPTION NAME: what `look_at` has found; sets foreign where somebody else may have changed it
    what=$(shown "$1" "$2")
    case $stands in
        unread) tell "cannot be read" "$what" "$(said)" ;;
        before) tell "as it was" "$what" ;;
        half) tell "half put back" "$what" ;;
        left) tell "as the change left it" "$what" ;;
        by-hand) tell "not as the point holds it" "$what" ;;
        unseen) foreign=1 && tell "not seen how the change left it" "$what" "it may still run: look with ps" ;;
        other) foreign=1 && tell "changed by somebody else" "$what" "$(between "$kept/after" "$work/now")" ;;
    esac
}

compare() { # OPTION NAME
    look_at "$1" "$2" || { tell_standing "$1" "$2" && return 4; }
    if [ "$stands" != before ]; then
        equal=0 reason=
        if have "ready_$kind" && ! "ready_$kind" "$1" "$2"; then
            tell "cannot be put back" "$(shown "$1" "$2")" "$reason"
            unready=1
        fi
    fi
    tell_standing "$1" "$2"
}

put_back() { # OPTION NAME: unless it is as it was; what is restarted is so in any case
    look_at "$1" "$2"
    restore_it "$1" "$2"
}

restore_it() { # OPTION NAME: after `look_at`
    if [ "$stands" = before ] && [ "$1" = - ]; then return 0; fi
    : >"$kept/restoring"
    sync "$kept/restoring" "$kept" 2>/dev/null || sync # all of a busy disk takes seconds, and a lockout waits
    reason=
    : >"$work/said"
    case $kind:$2 in
        files:/etc | files:/usr* | files:/lib* | files:*/systemd* | files:*init.d* | packages:*) stale=yes ;;
    esac
    if "restore_$kind" "$1" "$2"; then rm -f "$kept/why"; else printf '%s\n' "${reason:-$(said)}" >"$kept/why"; fi
}

prove() { # OPTION NAME
    state_into "$work/now" "$1" "$2"
    if cmp -s "$work/now" "$kept/before"; then
        tell "put back" "$(shown "$1" "$2")"
        rm -f "$kept/restoring" "$kept/why"
    else
        tell "differs" "$(shown "$1" "$2")" "$(between "$kept/before" "$work/now")" "$(cat "$kept/why" 2>/dev/null)"
        wrong=1
    fi
}

refuse() { # WHY
    tell failed 0 "$(printf '%s' "$1" | tr '\n\t' '  ')"
    rm -rf "$point"
}

can_keep() { # whether the programs that keeping needs are there, and know what is asked of them
    for program in awk cmp cut dd df diff du find grep sed sha256sum sort stat sync tar tr uniq xargs; do
        have "$program" || { reason="this host has no $program, and keeping needs it" && return 1; }
    done
    if [ "$(printf '/\0' | sort -z | uniq -z | xargs -0 -r stat -c %n --)" = / ]; then return 0; fi 2>/dev/null
    reason="its sort -z, uniq -z, xargs -0 or stat -c do not work, and keeping needs them"
    return 1
}

capture() {
    if [ -e "$point/captured" ]; then
        tell captured "$point"
        return 0
    fi
    can_keep || { refuse "$reason" && return 3; }
    rm -rf "$point"
    # Points of changes long past make room for this one.
    find "$base" -mindepth 1 -maxdepth 1 -type d -name '[cr][0-9]*-*' -mtime +"$keep_days" -exec rm -rf {} + 2>/dev/null
    reason=$(mkdir -p "$point/work" 2>&1) || { refuse "$point cannot be made: $reason" && return 3; }
    chmod 700 "$base" "$point"
    if [ "$(free_kb "$point")" -lt "$SPARE_KB" ]; then
        refuse "$(free_kb "$point") kB are free for $base, and $SPARE_KB kB have to be"
        return 3
    fi
    printf '%s\n' "$asked" 2>/dev/null >"$point/things" || {
        refuse "$point cannot be written"
        return 3
    }
    each keep || { rm -rf "$point" && return 3; }
    reserve && echo captured >"$point/captured.new" || {
        refuse "no room is left on the disk of $base"
        return 3
    }
    on_disk "$point"
    mv "$point/captured.new" "$point/captured"
    sync -- "$point" "$base" 2>/dev/null
    tell captured "$point"
}

restore() {
    foreign=0 unready=0 wrong=0 equal=1
    rm -f "$point/room"
    can_write || { tell "nothing was put back" "the disk of $base is full" && return 4; }
    each compare || return 4
    if [ "$foreign$unready" != 00 ] && [ "$insist" = no ]; then
        tell "nothing was put back" "opsterm rollback --insist puts back even so"
        return 4
    fi
    if [ "$equal" = 0 ] || [ ! -e "$point/restored" ]; then each put_back; fi
    each prove
    [ "$wrong" = 0 ] || return 5
    : >"$point/restored"
    sync
    tell "everything is proven to be as it was" "$point"
}

keeper() { # VERB POINT [INSIST, or SECONDS of a guard]
    if [ "$(id -u)" = 0 ]; then base=/var/lib/opsterm/rp; else base=${HOME:-/nowhere}/.local/state/opsterm/rp; fi
    base=${KEEPER_BASE:-$base} keep_days=${KEEPER_DAYS:-30}
    point=$base/$2 work=$base/$2/work insist=${3:-no}
    TMPDIR=$work asked=$(grep -n '' | sed 's/:/ /')
    export TMPDIR
    guard=$point/guard unit=opsterm-guard-$2 units=/etc/systemd/system
    if [ "$1" != capture ]; then
        if [ ! -e "$point/captured" ]; then
            case $1 in
                extend | confirm | revert | status) tell guard none "" 0 ;;
                *) tell failed 0 "there is no recovery point $point" ;;
            esac
            return 3
        fi
        work=$point/work.$1 # steps may run at the same time
        if [ "$asked" != "$(cat "$point/things")" ]; then
            tell failed 0 "$point is about other things"
            return 3
        fi
        mkdir -p "$work" 2>/dev/null || { rm -f "$point/room" && mkdir -p "$work"; } || return 3
    fi
    case $1 in
        capture) capture ;;
        note) each note && on_disk "$point" ;;
        restore) restore ;;
        arm | extend | confirm | revert | status | fire) "guard_$1" "$insist" ;;
    esac
}
"""
