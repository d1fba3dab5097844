"""Whether a systemd unit runs.

What enables it is files, and kept as such. OPTION says what the change does to it besides: restart or reload, which
is done again once its files are as they were.
"""

TEXT = r"""
unit_shows() { systemctl show -p "$2" --value -- "$1" 2>/dev/null; }

save_unit() { have systemctl || { reason="there is no systemd" && return 1; }; }

state_unit() { # a unit that has failed does not run
    case $(unit_shows "$2" ActiveState) in
        active | reloading | activating) echo active ;;
        *) echo inactive ;;
    esac
    unit_shows "$2" UnitFileState
}

restore_unit() {
    systemctl daemon-reload || return 1
    read -r active <"$kept/before"
    systemctl reset-failed -- "$2" 2>/dev/null # one that was started too often is not started again
    if [ "$active" = active ]; then
        case $1 in
            restart) systemctl restart -- "$2" ;;
            reload) systemctl reload-or-restart -- "$2" ;;
            *) systemctl start -- "$2" ;;
        esac 2>"$work/said"
    else
        systemctl stop -- "$2" 2>"$work/said"
    fi
}
"""
