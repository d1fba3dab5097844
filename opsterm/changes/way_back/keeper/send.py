"""Sends the state of things to the jump host, and takes it in again there.

`sender` keeps the things in a folder of the moment, without the contents of files, and prints one stream: archives of
tar one behind another, in gzip where there is one. First the small files of each thing; then, for each thing of
files, `sending` with its number and the entries that are asked for; last `sent`. Which are asked for is said by
`wanted`, which the caller defines: for the number of a thing lines of sed that print lines of its names. Nothing of
the target is changed but that folder, which goes at the end.

`receive` takes a whole point in from standard input.
"""

TEXT = r"""
look() { # OPTION NAME: keep it, and say what each entry is in a form that is read here
    keep "$1" "$2" >"$work/told" || { cat "$work/told" && return 3; }
    if [ "$kind" = files ]; then
        tell size "$number" "$(cat "$kept/size")"
        xargs -0 -r stat -c '%f %u %g %Y %s %h %t,%T %i %Z' -- <"$kept/names" >"$kept/listing" 2>"$work/said" || {
            tell failed "$number" "$(said)"
            return 3
        }
    fi
}

swapped() { tr '\n\000' '\000\n'; } # a name may hold a newline, and a line of sed may not

contents() { # OPTION NAME: what `wanted` says of a thing of files
    lines=$(wanted "$number")
    if [ "$kind" != files ] || [ -z "$lines" ]; then return 0; fi
    printf '%s\n' "$number" >"$point/sending"
    tar -cf - -C "${base%/*}" "${base##*/}/point/sending"
    swapped <"$kept/names" | sed -n "$lines" | swapped >"$work/asked"
    if is_gnu; then
        archive --format=posix --pax-option=delete=atime,delete=ctime --sparse --no-recursion -P -cf - \
            --null -T "$work/asked"
    else
        there "$work/asked" | xargs -0 tar -cf - --no-recursion -- 2>"$work/said"
    fi
    return 0
}

stream() {
    tar -cf - -C "${base%/*}" "${base##*/}/point"
    each contents
    : >"$point/sent"
    tar -cf - -C "${base%/*}" "${base##*/}/point/sent"
}

sender() { # things on standard input
    exec 2>/dev/null
    sending=yes
    base=$(mktemp -d "${TMPDIR:-/tmp}/opsterm.XXXXXXXX") || {
        tell failed 0 "no folder can be made in ${TMPDIR:-/tmp}"
        return 3
    }
    trap 'rm -rf "$base"' EXIT
    trap 'exit 130' HUP INT TERM
    point=$base/point work=$base/work
    mkdir "$point" "$work" || return 3
    grep -n '' | sed 's/:/ /' >"$point/things"
    each look || return 3
    if have gzip; then
        tell stream gzip "${base##*/}/point"
        stream | gzip -1
    else
        tell stream plain "${base##*/}/point"
        stream
    fi
}

of_point() { # POINT: the point of a change as it lies there, with its archives, which hold every entry
    exec 2>/dev/null
    if [ "$(id -u)" = 0 ]; then base=/var/lib/opsterm/rp; else base=$HOME/.local/state/opsterm/rp; fi
    base=${KEEPER_BASE:-$base}
    point=$base/$1
    if [ ! -e "$point/captured" ]; then
        tell failed 0 "there is no recovery point $point"
        return 3
    fi
    tell size 0 "$(find "$point" -type f ! -name room -exec du -k {} + | awk '{ sum += $1 } END { print sum + 0 }')"
    tell stream gzip "$1"
    {
        cd "$base" && find "$1" -type f ! -name archive ! -name room ! -path '*/work*' ! -path '*/guard/*' |
            xargs tar -cf -
        if [ -n "$(wanted all)" ]; then
            for archive in "$1"/*/archive; do
                [ -e "$archive" ] || continue
                number=${archive%/archive}
                printf '%s\n' "${number##*/}" >"$1/sending"
                tar -cf - "$1/sending"
                cat "$archive"
            done
        fi
        : >"$1/sent"
        tar -cf - "$1/sent"
        rm -f "$1/sending" "$1/sent"
    } | gzip -1
}

receive() { # POINT
    if [ "$(id -u)" = 0 ]; then base=/var/lib/opsterm/rp; else base=$HOME/.local/state/opsterm/rp; fi
    base=${KEEPER_BASE:-$base}
    if [ -e "$base/$1/captured" ]; then return 0; fi
    part=$base/$1.part
    rm -rf "$base/$1" "$part"
    mkdir -p "$part" && chmod 700 "$base" "$part" && gzip -dc 2>/dev/null | tar -xf - -C "$part" 2>"$part.said"
    if [ ! -e "$part/received" ]; then
        tell "not put back" "$1" "it is not on this host, and did not come whole" "$(head -n 1 "$part.said")"
        rm -rf "$part" "$part.said"
        return 5
    fi
    rm -f "$part.said"
    sync
    mv "$part" "$base/$1" && mv "$base/$1/received" "$base/$1/captured" && sync
}
"""
