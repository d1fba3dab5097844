"""Whether a systemd unit runs.

What enables it is files, and kept as such. OPTION says what the change does to it besides: restart or reload, which
is done again once its files are as they were.
"""

TEXT = r"""
save_unit() { have systemctl || { reason="there is no systemd" && return 1; }; }

state_unit() { # a unit that has failed does not run
    systemctl show -p ActiveState -p UnitFileState -- "$2" 2>/dev/null | {
        active=inactive enabled=
        while IFS='=' read -r word value; do
            case $word=$value in
                ActiveState=active | ActiveState=reloading | ActiveState=activating) active=active ;;
                UnitFileState=*) enabled=$value ;;
            esac
        done
        printf '%s\n' "$active" "$enabled"
    }
}

unit_is_read() { # UNIT: whether what the manager knows of it is what its files say; to read all of them takes a second
    [ "$stale" = no ] && [ "$(systemctl show -p NeedDaemonReload --value -- "$1" 2>/dev/null)" = no ]
}

restore_unit() {
    unit_is_read "$2" || systemctl daemon-reload || return 1
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
