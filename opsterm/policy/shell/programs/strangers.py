"""Programs that this knowledge does not have: asked about, and more so when their words say what they do."""

from __future__ import annotations

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.invocation import unknown_program
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import PathKind, place_of, resolved

_ASKS = frozenset({"--help", "--version", "-V", "-version", "version", "help"})
_DESTROYS = re.compile(
    r"(?:^|[-_:/.])(?:delete|destroy|drop|purge|wipe|erase|remove|uninstall|terminate|shutdown|poweroff|reboot|halt|kill|stop|disable|"
    r"format|reset|flush|truncate|prune|nuke|clean|clear|revoke|rollback|uninit|deprovision|decommission|detach|evict|drain|"
    r"factory-?reset|rm|del|destroyall|delete-all|force|fresh|downgrade|unpublish|repurpose|accept-data-loss|drop(?=[A-Z]))(?:$|[-_:/.=A-Z]|\d)",
    re.IGNORECASE,
)
_OF_A_FILE = re.compile(
    r"(?:^|[-_:/.])(?:delete|destroy|drop|purge|wipe|erase|nuke|flush|truncate|fresh|downgrade|accept-data-loss|reset|teardown|undeploy|remove|uninstall|shrink|"
    r"decommission|deprovision)(?:$|[-_:/.=A-Z]|\d)"
)


def judge_stranger(call: ProgramCall) -> None:
    """Note that a program is not known; one that is only asked for its version or help reads."""
    words = [word.text for word in call.arguments]
    place = place_of(resolved(call.first.text, call.frame.scope.cwd))
    installed = "/" not in call.first.text or place is PathKind.PROGRAMS
    if installed and len(words) == 1 and words[0] in _ASKS:
        call.add(EffectKind.READ)
        return
    if place is PathKind.TEMPORARY:
        call.add(EffectKind.REMOTE_CODE, call.first, Certainty.LIKELY)
    if call.name in call.notes.fetched:
        call.add(EffectKind.REMOTE_CODE, call.first)
    call.dark(unknown_program(call.name))
    sign = next((word for word in (call.name, *words[:4]) if _DESTROYS.search(word)), "")
    if sign:
        call.add(EffectKind.DATA_LOSS, sign, Certainty.POSSIBLE)


def note_destroying_word(call: ProgramCall) -> None:
    """Note a word behind a script or a file of tasks that says that something is lost: `rake db:drop`, `manage.py flush`."""
    sign = next((word.text for word in call.arguments[:6] if _OF_A_FILE.search(word.text)), "")
    if sign:
        call.add(EffectKind.DATA_LOSS, sign, Certainty.POSSIBLE)
