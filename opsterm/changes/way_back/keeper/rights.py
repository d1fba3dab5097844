"""Owner, mode and access list of every entry below a place, without the content."""

TEXT = r"""
state_rights() {
    entries "$kept/roots" '! -type l' >"$work/all" || return 1
    xargs -0 -r stat -c '%a %u %g %N' -- <"$work/all" || return 1
    entries "$kept/roots" '-type l' >"$work/links" || return 1
    xargs -0 -r stat -c '%u %g %N' -- <"$work/links" || return 1
    if have getfacl; then xargs -0 -r getfacl -p -n -P -s -- <"$work/all" 2>/dev/null; fi
    return 0
}

save_rights() {
    roots_of "$1" "$2" >"$kept/roots"
    entries "$kept/roots" '' >"$work/all" || return 1
    xargs -0 -r stat -c '%u %g %a' -- <"$work/all" | sort -u >"$kept/combinations" || return 1
    if [ "$(wc -l <"$kept/combinations")" -gt 200 ]; then
        reason="$2 has more than 200 combinations of owner and mode"
        return 1
    fi
    at=0
    while read -r user group mode; do
        at=$((at + 1))
        entries "$kept/roots" "-uid $user -gid $group -perm $mode" >"$kept/entries.$at" || return 1
    done <"$kept/combinations"
    entries "$kept/roots" '! -type l' >"$work/all" || return 1
    if have getfacl; then xargs -0 -r getfacl -p -n -P -s -- <"$work/all" >"$kept/access" 2>/dev/null; fi
    return 0
}

restore_rights() {
    at=0
    if have setfacl; then
        entries "$kept/roots" '! -type l' >"$work/all"
        xargs -0 -r setfacl -b -- <"$work/all" 2>/dev/null
    fi
    while read -r user group mode; do
        at=$((at + 1))
        # The owner first: a new owner clears the setuid bit. A link has no mode of its own.
        xargs -0 -r chown -h "$user:$group" -- <"$kept/entries.$at" 2>"$work/said" || return 1
        xargs -0 -r sh -c 'mode=$1; shift
            for entry; do [ -L "$entry" ] || printf "%s\0" "$entry"; done | xargs -0 -r chmod "$mode" --' sh "$mode" \
            <"$kept/entries.$at" 2>"$work/said" || return 1
    done <"$kept/combinations"
    if have setfacl && [ -s "$kept/access" ]; then setfacl --restore="$kept/access" 2>"$work/said"; fi
}
"""
