"""Which packages are installed in which version, which of them were asked for by name, and which are held.

Put back with apt, from the archives that the host still has or can reach.
"""

TEXT = r"""
save_packages() {
    have dpkg-query && have apt-get || { reason="packages are put back with apt only" && return 1; }
}

state_packages() {
    # shellcheck disable=SC2016 # the fields are those of dpkg-query
    dpkg-query -W -f '${Package}:${Architecture} ${Version} ${db:Status-Abbrev}\n' | grep -v ' un *$' | sort || return 1
    apt-mark showmanual 2>/dev/null | sort | sed 's/^/manual /'
    apt-mark showhold 2>/dev/null | sort | sed 's/^/hold /'
}

installed() { sed -n 's/^\([^ ]*:[^ ]*\) \([^ ]*\) .i *$/\1=\2/p' "$1" | sort; }
names() { cut -d= -f1 "$1" | sort; }

restore_packages() {
    state_packages >"$work/now"
    installed "$kept/before" >"$work/was"
    installed "$work/now" >"$work/is"
    names "$work/was" >"$work/was.names"
    names "$work/is" >"$work/is.names"
    wanted=$(comm -23 "$work/was" "$work/is") # with their versions
    surplus=$(comm -13 "$work/was.names" "$work/is.names" | sed 's/$/-/')
    export DEBIAN_FRONTEND=noninteractive
    if [ -n "$wanted$surplus" ]; then
        # shellcheck disable=SC2086 # names without blanks
        apt-get -y -q --purge --allow-downgrades --allow-change-held-packages -o Dpkg::Options::=--force-confold \
            -o Dpkg::Options::=--force-confmiss install $wanted $surplus >"$work/said" 2>&1 </dev/null || return 1
    fi
    marks manual auto
    marks hold unhold
}

marks() { # MARK OPPOSITE
    state_packages | sed -n "s/^$1 //p" >"$work/is"
    sed -n "s/^$1 //p" "$kept/before" >"$work/was"
    comm -23 "$work/was" "$work/is" | xargs -r apt-mark "$1" >/dev/null 2>"$work/said" || return 1
    comm -13 "$work/was" "$work/is" | xargs -r apt-mark "$2" >/dev/null 2>"$work/said"
}
"""
