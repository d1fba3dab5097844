"""The script that asks a target by which way we came to it; fixed, as those of `looks.py`."""

PATH_SCRIPT = r"""
exec 2>/dev/null </dev/null
LC_ALL=C PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
mark=
read -r mark </proc/sys/kernel/random/uuid
mark="@@$$-$mark"
echo "$mark"
echo "$mark connection"
printf '%s\n' "$SSH_CONNECTION"
echo "$mark account"
id -un
id -Gn
printf '%s\n' "$HOME"
echo "$mark route"
client=${SSH_CONNECTION%% *}
[ -z "$client" ] || ip -o route get "${client%%\%*}"
echo "$mark links"
ip -o link show
echo "$mark processes"
process=$PPID
for step in 1 2 3 4 5 6 7 8; do
  case $process in ''|0|1) break ;; esac
  echo "$process"
  process=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$process/status")
done
echo "$mark end"
"""
"""By which address, port, interface and account we came in, and which processes our session hangs on.

It changes nothing: `id`, `ip -o route get`, `ip -o link show` and `sed -n` read; the rest is of the shell itself.
"""
