"""What is moved aside into a new folder beside it, and moved back.

Nothing is copied, and no content read: a move keeps the very files. OPTION is a name or pattern, NAME the new folder.
"""

TEXT = r"""
moved_into() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$here" "${1#./}" ;; esac; } # FOLDER

save_moved() {
    folder=$(moved_into "$2")
    if [ -e "$folder" ] || [ -L "$folder" ]; then
        reason="$folder is there already"
        return 1
    fi
    find "${folder%/*}/" -mindepth 1 -maxdepth 1 -name "$1" -print0 | sort -z >"$kept/roots"
}

state_moved() {
    entries "$kept/roots" '' >"$work/all" && xargs -0 -r stat -c '%f %u %g %h %s %Y %N' -- <"$work/all"
}

restore_moved() {
    folder=$(moved_into "$2")
    xargs -0 -r sh -c 'folder=$1
        shift
        for root; do
            if [ -e "$root" ] || [ -L "$root" ]; then continue; fi
            mv -- "$folder/${root##*/}" "$root" || exit 1
        done' sh "$folder" <"$kept/roots" 2>"$work/said" || return 1
    rmdir -- "$folder" 2>/dev/null || [ ! -d "$folder" ] || reason="$folder holds more than was moved there"
}
"""
