"""Whether a container runs. NAME is the program and the container: "docker web"."""

TEXT = r"""
save_container() { have "${2%% *}" || { reason="there is no ${2%% *}" && return 1; }; }

state_container() {
    case $("${2%% *}" inspect --type container -f '{{.State.Running}} {{.State.Paused}}' "${2#* }" 2>/dev/null) in
        *true) echo paused ;;
        true*) echo running ;;
        false*) echo stopped ;;
        *) echo absent ;;
    esac
}

restore_container() {
    with=${2%% *} one=${2#* }
    is=$(state_container "$1" "$2")
    if [ "$is" = absent ]; then
        reason="the container has been removed"
        return 1
    fi
    if [ "$is" = paused ]; then "$with" unpause "$one" || return 1; fi
    case $(cat "$kept/before") in
        absent) "$with" rm -f "$one" ;;
        stopped) if [ "$is" != stopped ]; then "$with" stop "$one"; fi ;;
        running) if [ "$is" = stopped ]; then "$with" start "$one"; fi ;;
        paused) { [ "$is" != stopped ] || "$with" start "$one"; } && "$with" pause "$one" ;;
    esac >/dev/null 2>"$work/said"
}
"""
