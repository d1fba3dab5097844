"""Ways back from what ends processes, sets their priority, and stops or starts the whole host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]


def _kill(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Gap(
        "A process that has ended does not come back with what it held; what a unit runs is started by "
        "`systemctl start UNIT`."
    )


def _priority(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the priority of the processes that are named by number."""
    call.require_known()
    if call.has("-u", "--user", "-g", "--pgrp", "-P", "--pgid", "--uid"):
        raise NotKnown("which processes an account or a group has is known only when it runs")
    takes = "-n --priority -c --class --classdata --relative"
    numbers = [word for word in call.others(takes) if word.isdigit()]
    numbers += [value for value in [call.value("-p", "--pid")] if value.isdigit() and value not in numbers]
    if call.name == "renice" and not call.has("-n", "--priority", "--relative"):
        numbers = numbers[1:] if len(numbers) > 1 else numbers
    if not numbers:
        raise NotKnown("no process is named by its number")
    yield from (Thing(kind=ThingKind.PRIORITY, name=number) for number in numbers)


def _power(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Gap("A host that was stopped or booted anew has lost what ran on it; nothing takes that back.")


def _clock(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Gap("A clock is put right by its time source, as by `chronyc makestep`; what was stamped meanwhile stays.")


PROCESSES: Mapping[str, Ways] = {
    **dict.fromkeys(("kill", "pkill", "killall", "skill", "killall5"), _kill),
    "renice": _priority, "ionice": _priority,
    **dict.fromkeys(("reboot", "shutdown", "halt", "poweroff", "init", "telinit", "kexec"), _power),
    **dict.fromkeys(("date", "hwclock", "chronyc", "ntpdate"), _clock),
}  # fmt: skip
