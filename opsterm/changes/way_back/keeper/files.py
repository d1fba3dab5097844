"""Files and trees, with everything that is theirs.

`roots`: the places, a zero byte behind each; for a place whose folder is absent, too, the highest absent folder
stands.
"""

TEXT = r"""
LIMIT_KB=${KEEPER_LIMIT_KB:-2097152}
case $(tar --version 2>/dev/null) in *GNU*) gnu_tar=yes ;; *) gnu_tar=no ;; esac
case $(printf x | openssl dgst -sha256 -r 2>/dev/null) in 2d711642*) faster=yes ;; *) faster=no ;; esac

roots_of() { # OPTION PLACE: OPTION is a pattern of names in the place, /NAME for that one if it is a folder, or ^NAME
    place=$2
    case $place in /*) ;; *) place=$here/${place#./} ;; esac
    case $1 in
        -) ;;
        ^*) # the nearest folder at or above it that has this name in it; the place itself where none has
            above=${place%/}
            while [ -n "$above" ] && [ ! -e "$above/${1#^}" ]; do above=${above%/*}; done
            if [ -n "$above" ]; then place=$above; fi
            ;;
        /*) if [ -d "$place" ]; then place=${place%/}$1; fi ;;
        *)
            if [ -d "$place" ]; then find "$place" -mindepth 1 -maxdepth 1 -name "$1" -print0 | sort -z; fi
            return 0
            ;;
    esac
    while :; do
        above=${place%/*}
        if [ -z "$above" ] || [ -e "$above" ] || [ -L "$above" ]; then break; fi
        place=$above
    done
    printf '%s\0' "$place"
}

there() { # ROOTS: those of them that are there now
    xargs -0 -r sh -c '
        for root; do if [ -e "$root" ] || [ -L "$root" ]; then printf "%s\0" "$root" || exit 1; fi; done' sh <"$1"
}

entries() { # ROOTS TESTS: what is below them and passes, in a fixed order; but for what a guard has there
    xargs -0 -r sh -c '
        tests=$1
        shift
        for root; do
            shift
            if [ -e "$root" ] || [ -L "$root" ]; then set -- "$@" "$root"; fi
        done
        [ $# -eq 0 ] || eval "exec find \"\$@\" -xdev $tests ! -name opsterm-guard-\\* -print0"' sh "$2" \
        <"$1" >"$work/found" 2>"$work/said" || return 1
    sort -z <"$work/found"
}

parted() { # NAMES: into folders, links, files, and others, which the files are among
    xargs -0 -r sh -c '
        for entry; do
            if [ -L "$entry" ]; then
                printf "%s\0" "$entry" >&3
            elif [ -d "$entry" ]; then
                printf "%s\0" "$entry" >&4
            else
                if [ -f "$entry" ]; then printf "%s\0" "$entry" >&5; fi
                printf "%s\0" "$entry" >&6
            fi
        done' sh <"$1" 3>"$work/links" 4>"$work/folders" 5>"$work/files" 6>"$work/others"
}

hashes() { # NAMES: of the content, in their order; that of openssl takes a third of the time
    if [ "$faster" = yes ]; then
        xargs -0 -r openssl dgst -sha256 -r <"$1" >"$work/hashes" || return 1
    else
        xargs -0 -r sha256sum -- <"$1" >"$work/hashes" || return 1
    fi
    sed -n 's/^\\\{0,1\}\([0-9a-f]\{64\}\) .*/\1/p' "$work/hashes"
}

looks() { # what each entry is, its rights and time; leaves their names in the lists of `parted`
    entries "$kept/roots" '' >"$work/all" && parted "$work/all" || return 1
    if [ -s "$work/folders" ]; then xargs -0 stat -c 'folder %a %u %g %Y %N' -- <"$work/folders" || return 1; fi
    if [ -s "$work/links" ]; then xargs -0 stat -c 'link %u %g %N' -- <"$work/links" || return 1; fi
    if [ -s "$work/others" ]; then
        xargs -0 stat -c '%f %u %g %Y %s %h %t,%T %N' -- <"$work/others" || return 1
    fi
}

state_files() { # what each entry is, its rights, time, content and attributes
    looks || return 1
    if [ ! -s "$work/all" ]; then return 0; fi
    if [ -s "$work/files" ]; then hashes "$work/files" 2>"$work/said" || return 1; fi
    if have getfacl; then xargs -0 getfacl -p -n -P -s -- <"$work/all" 2>/dev/null; fi
    if have getfattr; then xargs -0 getfattr -h -d -m - -e hex --absolute-names -- <"$work/all" 2>/dev/null; fi
    if [ -s "$work/files" ] && have lsattr; then
        xargs -0 lsattr -d -- <"$work/files" 2>/dev/null | sed -e 's/ .*//' -e '/^-*e*-*$/d'
    fi
    return 0
}

stamp_files() { # which inodes, and when each was last changed, to better than a second
    case $(stat -c %.Z / 2>/dev/null) in *.*) ;; *) return 1 ;; esac
    entries "$kept/roots" '' >"$work/all" && xargs -0 -r stat -c '%d %i %.Z %N' -- <"$work/all"
}

quick_files() { # how it stands, into $stands, where nothing has to be read: what fills a disk takes minutes to read
    if [ -s "$kept/stamp" ] && stamp_files >"$work/stamp" && cmp -s "$work/stamp" "$kept/stamp"; then
        stands=left
        if cmp -s "$kept/before" "$kept/after"; then stands=before; fi
        return 0
    fi
    looks >"$work/looks" || return 1
    if head -n "$(wc -l <"$work/looks")" "$kept/before" | cmp -s - "$work/looks"; then return 1; fi
    if [ -e "$kept/restoring" ]; then stands=half; elif [ ! -e "$kept/after" ]; then stands=unseen; else return 1; fi
}

is_gnu() { [ "$gnu_tar" = yes ]; }

archive() { # WORD...: GNU tar keeps access lists and attributes as well
    if is_gnu; then set -- --numeric-owner --acls --xattrs '--xattrs-include=*' "$@"; fi
    tar "$@" 2>"$work/tar"
}

size_of() { xargs -0 -r du -skx -- <"$1" 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'; } # kB

own() { # NAMES NAME: whether this account could give everything back to whom it belongs
    account=$(id -u) groups=" $(id -G) "
    if [ "$account" = 0 ]; then return 0; fi
    xargs -0 -r stat -c '%u %g' -- <"$1" | sort -u >"$work/owners"
    while read -r user group; do
        case $groups in *" $group "*) [ "$user" = "$account" ] && continue ;; esac
        reason="$2 belongs to user $user and group $group, and this account could not give it back: become root"
        return 1
    done <"$work/owners"
}

save_files() {
    roots_of "$1" "$2" >"$kept/roots"
    there "$kept/roots" >"$kept/there" || return 1
    entries "$kept/roots" '' >"$kept/names" || return 1
    [ -s "$kept/there" ] || return 0
    own "$kept/names" "$2" || return 1
    entries "$kept/roots" '-type f' >"$work/files" || return 1
    if have lsattr; then xargs -0 -r lsattr -d -- <"$work/files" 2>/dev/null | grep -v '^-*e*-* ' >"$kept/flags"; fi
    size=$(size_of "$kept/there")
    echo "$size" >"$kept/size" || return 1
    free=$(free_kb "$point")
    if [ "$size" -gt "$LIMIT_KB" ]; then
        reason="$2 has $size kB, and $LIMIT_KB kB are kept at most"
        return 1
    fi
    is_gnu || stamps "$kept/roots" "$kept" || return 1
    if [ "$sending" = yes ]; then return 0; fi
    if [ "$free" -lt $((size + SPARE_KB)) ]; then
        reason="$2 has $size kB, and there are $free kB left where it would be kept"
        return 1
    fi
    if is_gnu; then
        archive --format=posix --sparse --one-file-system -P -cf "$kept/archive" --null -T "$kept/there" &
    else
        xargs -0 tar -cf "$kept/archive" -- <"$kept/there" 2>"$work/tar" &
    fi
    archiving=$! # the state is read meanwhile
}

saved_files() {
    if [ "$sending" = yes ] || [ ! -s "$kept/there" ]; then return 0; fi
    wait "$archiving" && return 0
    cp "$work/tar" "$work/said"
    return 1
}

stamps() { # ROOTS FOLDER: times of folders, which only GNU tar gives back
    entries "$1" '-type d' >"$2/folders" && xargs -0 -r stat -c %Y -- <"$2/folders" >"$2/times"
}

ready_files() { # whether there is room where it lies, and that may be written
    roots_of "$1" "$2" >"$work/roots"
    place=$(tr '\0\n' '\n?' <"$work/roots" | head -n 1)
    while [ -n "$place" ] && [ ! -d "$place" ]; do place=${place%/*}; done
    mount=$(df -Pk "${place:-/}" 2>/dev/null | awk 'END { print $6 }')
    if awk -v at="$mount" '$2 == at { how = $4 } END { exit how ~ /^ro(,|$)/ }' /proc/mounts; then :; else
        reason="$mount can only be read: mount -o remount,rw $mount"
        return 1
    fi
    [ -s "$kept/there" ] || return 0
    there "$kept/roots" >"$work/there"
    room=$(($(free_kb "${place:-/}") + $(size_of "$work/there"))) wanted=$(cat "$kept/size")
    if [ "$room" -ge "$wanted" ]; then return 0; fi
    reason="it takes $wanted kB, and $mount has room for $room kB: make room there"
    return 1
}

restore_files() {
    entries "$kept/roots" '' >"$work/now" || return 1
    # What is there now and was not: once among the names now, never among those before.
    cat "$kept/names" "$kept/names" "$work/now" | sort -z | uniq -z -u | sort -z -r >"$work/new"
    if have chattr; then xargs -0 -r chattr -ia -- <"$work/now" 2>/dev/null; fi
    xargs -0 -r sh -c '
        for entry; do
            if [ -d "$entry" ] && [ ! -L "$entry" ]; then rmdir -- "$entry"; else rm -f -- "$entry"; fi || exit 1
        done' sh <"$work/new" 2>"$work/said" || return 1
    [ -s "$kept/there" ] || return 0
    if is_gnu; then
        # A folder that may not be written lets nothing be unlinked: there the file itself is overwritten.
        archive -P --recursive-unlink --delay-directory-restore -xpf "$kept/archive" ||
            archive -P --overwrite --delay-directory-restore -xpf "$kept/archive" ||
            { cp "$work/tar" "$work/said" && return 1; }
    else
        tar -C / -xpf "$kept/archive" 2>"$work/said" || return 1
        xargs -0 -r sh -c 'for folder; do read -r time <&3; touch -c -d "@$time" -- "$folder" || exit 1; done' sh \
            <"$kept/folders" 3<"$kept/times" 2>"$work/said" || return 1
    fi
    if [ -s "$kept/flags" ] && have chattr; then # tar keeps none; "e" says how the file lies on the disk
        while read -r flags name; do chattr "+$(printf '%s' "$flags" | tr -d 'e-')" -- "$name" 2>"$work/said"; done \
            <"$kept/flags"
    fi
    return 0
}
"""
