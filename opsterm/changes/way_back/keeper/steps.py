"""Keeps the state of what a change touches, on the target itself, and puts it back.

POSIX sh. The texts of the kinds that are needed stand behind this one, then a call of `keeper` with a line "KIND
OPTION NAME" on its standard input for each thing, in the order in which they are put back. It tells one fact a line,
fields parted by a tab; exit status 0 done, 3 could not be kept, 4 somebody else has changed it since, 5 put back and
not equal.  Each kind has save_KIND (what state alone does not tell), state_KIND (a text that is equal when the state
is) and restore_KIND, each called with OPTION and NAME; $kept is the folder of the thing, $work one for the moment,
and $reason says why a step failed.
"""

TEXT = r"""
set -u
umask 077
LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export LC_ALL PATH
here=$(pwd)

tell() { # WORD [FIELD...]
    printf '%s' "$1"
    shift
    for field; do printf '\t%s' "$field"; done
    printf '\n'
}
have() { command -v "$1" >/dev/null 2>&1; }
between() { diff "$1" "$2" | grep '^[<>]' | head -n 4 | tr '\n\t' '; ' | cut -c1-400; } # how two states differ
shown() { # OPTION NAME: what a thing is, in words
    case $2 in -) set -- "$1" "" ;; esac
    case $1 in
        - | restart | reload | /*) printf '%s %s' "$kind" "$2" ;;
        *) printf '%s %s/%s' "$kind" "${2%/}" "$1" ;;
    esac | tr '\n\t' '??'
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

has_room() { # whether lists and states can be written: on a full disk they are cut short, and some say nothing
    dd if=/dev/zero of="$work/room" bs=65536 count=16 2>/dev/null
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
    if "save_$kind" "$1" "$2" && state_into "$kept/before" "$1" "$2"; then
        tell kept "$number" "$(du -sk "$kept" | cut -f1)" "$(sha256sum <"$kept/before" | cut -d' ' -f1)"
    else
        tell failed "$number" "${reason:-$(said)}"
        return 3
    fi
}

note() { # OPTION NAME: how the change left it, unless it is being taken back already
    if [ -e "$guard/decided" ] || ! has_room; then return 0; fi
    state_into "$work/after" "$1" "$2" || return 0
    mv "$work/after" "$kept/after"
    tell noted "$number"
}

compare() { # OPTION NAME
    state_into "$work/now" "$1" "$2" || { tell "cannot be read" "$(shown "$1" "$2")" "$(said)" && return 4; }
    if cmp -s "$work/now" "$kept/before"; then
        tell "as it was" "$(shown "$1" "$2")"
        return 0
    fi
    equal=0
    if [ -e "$kept/restoring" ]; then
        tell "half put back" "$(shown "$1" "$2")"
    elif [ ! -e "$kept/after" ]; then # its end was not seen: it may go on, and write after it was put back
        tell "not seen how the change left it" "$(shown "$1" "$2")" "it may still run: look with ps"
        foreign=1
    elif cmp -s "$work/now" "$kept/after"; then
        tell "as the change left it" "$(shown "$1" "$2")"
    else
        tell "changed by somebody else" "$(shown "$1" "$2")" "$(between "$kept/after" "$work/now")"
        foreign=1
    fi
}

put_back() { # OPTION NAME
    state_into "$work/now" "$1" "$2"
    if cmp -s "$work/now" "$kept/before" && [ "$1" = - ]; then return 0; fi
    : >"$kept/restoring"
    sync "$kept/restoring" "$kept" 2>/dev/null || sync # all of a busy disk takes seconds, and a lockout waits
    reason=
    : >"$work/said"
    "restore_$kind" "$1" "$2" || { tell "not put back" "$(shown "$1" "$2")" "${reason:-$(said)}" && wrong=1; }
}

prove() { # OPTION NAME
    state_into "$work/now" "$1" "$2"
    if cmp -s "$work/now" "$kept/before"; then
        tell "put back" "$(shown "$1" "$2")"
        rm -f "$kept/restoring"
    else
        tell "differs" "$(shown "$1" "$2")" "$(between "$kept/before" "$work/now")"
        wrong=1
    fi
}

capture() {
    if [ -e "$point/captured" ]; then
        tell captured "$point"
        return 0
    fi
    rm -rf "$point"
    # Points of changes long past make room for this one.
    find "$base" -mindepth 1 -maxdepth 1 -type d -name 'c[0-9]*-*' -mtime +"$keep_days" -exec rm -rf {} + 2>/dev/null
    mkdir -p "$point/work" || { tell failed 0 "$point cannot be made" && return 3; }
    chmod 700 "$base" "$point"
    has_room || { rm -rf "$point" && tell failed 0 "the disk of $base is full" && return 3; }
    grep -n '' | sed 's/:/ /' >"$point/things"
    each keep || { rm -rf "$point" && return 3; }
    sync
    : >"$point/captured"
    sync
    tell captured "$point"
}

restore() {
    foreign=0 wrong=0 equal=1
    has_room || { tell "nothing was put back" "the disk of $base is full" && return 4; }
    each compare || return 4
    if [ "$foreign" = 1 ] && [ "$insist" = no ]; then
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
    if [ "$(id -u)" = 0 ]; then base=/var/lib/opsterm/rp; else base=$HOME/.local/state/opsterm/rp; fi
    base=${KEEPER_BASE:-$base} keep_days=${KEEPER_DAYS:-30}
    point=$base/$2 work=$base/$2/work insist=${3:-no}
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
        if [ "$(grep -n '' | sed 's/:/ /')" != "$(cat "$point/things")" ]; then # a full disk takes nothing in
            tell failed 0 "$point is about other things"
            return 3
        fi
        mkdir -p "$work" 2>/dev/null
    fi
    case $1 in
        capture) capture ;;
        note) each note && sync ;;
        restore) restore ;;
        arm | extend | confirm | revert | status | fire) "guard_$1" "$insist" ;;
    esac
}
"""
