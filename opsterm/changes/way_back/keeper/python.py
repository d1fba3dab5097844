"""Which packages of Python are installed in which version; NAME are the words that start pip."""

TEXT = r"""
pip_of() { # WORDS ARGUMENT...
    words=$1
    shift
    # shellcheck disable=SC2086 # words
    PIP_BREAK_SYSTEM_PACKAGES=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $words "$@" </dev/null
}

save_python() { have "${2%% *}" || { reason="there is no ${2%% *}" && return 1; }; }
state_python() { pip_of "$2" freeze --all 2>"$work/said" | sort; }
restore_python() {
    state_python "$1" "$2" >"$work/is"
    sed 's/[ =@].*//' "$kept/before" | sort >"$work/was.names"
    surplus=$(sed 's/[ =@].*//' "$work/is" | sort | comm -13 "$work/was.names" -)
    # shellcheck disable=SC2086 # names without blanks
    if [ -n "$surplus" ]; then pip_of "$2" uninstall -q -y $surplus >"$work/said" 2>&1 || return 1; fi
    comm -23 "$kept/before" "$work/is" >"$work/wanted"
    if [ -s "$work/wanted" ]; then pip_of "$2" install -q --no-deps -r "$work/wanted" >"$work/said" 2>&1; fi
}
"""
