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
    own "$work/all" "$2" || return 1
    xargs -0 -r stat -c '%u:%g %a' -- <"$work/all" >"$work/rights" || return 1
    # Entries of the same owner and mode are put back by one call. The n-th line is about the n-th name.
    (cd "$kept" && xargs -0 -r sh -c 'for entry; do
            read -r owner mode <&3 && printf "%s\0" "$entry" >>"same.$owner.$mode" || exit 1
        done' sh <"$work/all" 3<"$work/rights") || return 1
    entries "$kept/roots" '! -type l' >"$work/all" || return 1
    if have getfacl; then xargs -0 -r getfacl -p -n -P -s -- <"$work/all" >"$kept/access" 2>/dev/null; fi
    return 0
}

restore_rights() {
    if have setfacl; then
        entries "$kept/roots" '! -type l' >"$work/all"
        xargs -0 -r setfacl -b -- <"$work/all" 2>/dev/null
    fi
    for same in "$kept"/same.*; do
        [ -e "$same" ] || continue
        owner=${same##*/same.} mode=${same##*.}
        # The owner first: a new owner clears the setuid bit. A link has no mode of its own.
        xargs -0 -r chown -h "${owner%.*}" -- <"$same" 2>"$work/said" || return 1
        xargs -0 -r sh -c 'mode=$1; shift
            for entry; do [ -L "$entry" ] || printf "%s\0" "$entry"; done | xargs -0 -r chmod "$mode" --' sh "$mode" \
            <"$same" 2>"$work/said" || return 1
    done
    if have setfacl && [ -s "$kept/access" ]; then setfacl --restore="$kept/access" 2>"$work/said"; fi
}
"""
