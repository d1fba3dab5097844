"""Which packages are installed in which version, which of them were asked for by name, and which are held.

Put back with apt, from the archives that the host still has or can reach; with NAME "rpm" by dnf, or yum where there
is none.
"""

TEXT = r"""
save_packages() {
    reason="packages are put back with apt, dnf and yum only"
    if [ "$2" = rpm ]; then
        have rpm && { have dnf || have yum; }
    else
        have dpkg-query && have apt-get
    fi
}

state_packages() {
    if [ "$2" = rpm ]; then
        rpm -qa --qf '%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH} %{NAME}\n' 2>"$work/said" |
            grep -v '^gpg-pubkey-' | sort
        return 0
    fi
    # shellcheck disable=SC2016 # the fields are those of dpkg-query
    dpkg-query -W -f '${Package}:${Architecture} ${Version} ${db:Status-Abbrev}\n' | grep -v ' un *$' | sort || return 1
    apt-mark showmanual 2>/dev/null | sort | sed 's/^/manual /'
    apt-mark showhold 2>/dev/null | sort | sed 's/^/hold /'
}

installed() { sed -n 's/^\([^ ]*:[^ ]*\) \([^ ]*\) .i *$/\1=\2/p' "$1" | sort; }
names() { cut -d= -f1 "$1" | sort; }

restore_packages() {
    state_packages "$1" "$2" >"$work/now"
    if [ "$2" = rpm ]; then
        restore_rpm
        return
    fi
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
    state_packages - - | sed -n "s/^$1 //p" >"$work/is"
    sed -n "s/^$1 //p" "$kept/before" >"$work/was"
    comm -23 "$work/was" "$work/is" | xargs -r apt-mark "$1" >/dev/null 2>"$work/said" || return 1
    comm -13 "$work/was" "$work/is" | xargs -r apt-mark "$2" >/dev/null 2>"$work/said"
}

with_rpm() { # VERB FILE: what the file names, one package a line
    [ -s "$2" ] || return 0
    if have dnf; then tool=dnf; else tool=yum; fi
    xargs "$tool" -y -q --setopt=clean_requirements_on_remove=False "$1" <"$2" >"$work/said" 2>&1
}

restore_rpm() { # a package whose name is there in another version is exchanged, else it is removed or installed
    comm -23 "$kept/before" "$work/now" >"$work/wanted"
    comm -13 "$kept/before" "$work/now" >"$work/surplus"
    cut -d' ' -f2 "$work/wanted" | sort -u >"$work/wanted.names"
    cut -d' ' -f2 "$work/surplus" | sort -u >"$work/surplus.names"
    while read -r package name; do grep -qxF -e "$name" "$work/wanted.names" || echo "$package"; done \
        <"$work/surplus" >"$work/remove"
    : >"$work/install"
    : >"$work/exchange"
    while read -r package name; do
        if grep -qxF -e "$name" "$work/surplus.names"; then file=exchange; else file=install; fi
        echo "$package" >>"$work/$file"
    done <"$work/wanted"
    with_rpm remove "$work/remove" && with_rpm install "$work/install" || return 1
    while read -r package; do
        echo "$package" >"$work/one"
        with_rpm downgrade "$work/one"
        rpm -q "$package" >/dev/null 2>&1 || with_rpm upgrade "$work/one" || return 1
    done <"$work/exchange"
}
"""
