"""The verbs that operators' tools share, and what each of them says is done."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.policy.word_set import word_set

_SHOW = """
list ls lst get show describe desc status stat stats info version help view inspect diff history log logs validate check search find
health print display tree top ps events explain lint verify plan preview whoami who tail watch monitor count du df cat summary report
details read query lookup dump-config ping test-config print-config outdated doctor capabilities topology members peers neighbors
describe-all usage size overview contexts current-context leader nodes pods images containers snapshots sessions volumes pools disks
interfaces routes queues topics brokers consumers metrics top-nodes env-info audit scan analyze tags releases manifest digest sbom
smart temp sensors sensor fru sdr inventory alerts events-list state lag endpoints services jobs tasks users sub browse roles groups permissions
resources outputs output graph providers depends rdepends files contents owner which where-is dryrun dry-run simulate estimate
synth changelog news ll la wide ids names getsysinfo chassis getconfig dl channels remotes profiles apps domains zones records versions installed increments observe neighbor getallvms certificates certs keys-list
"""
_LOSE = """
delete del destroy remove rm rmi erase wipe purge drop terminate uninstall prune clear clean flush reset truncate format zap discard
decommission deregister unregister revoke forget evict expire abandon nuke rmdir shred delete-all remove-all unpublish teardown
undeploy factory-reset clobber trash obliterate initialize reinitialize reinit revert
"""
_STOP = "stop halt down shutdown poweroff power-off disable suspend pause kill powerdown graceshutdown softpoweroff drain cordon quiesce offline detach disconnect freeze seal leave eject cancel abort unmount umount"
_AGAIN = "restart reboot reload bounce cycle powercycle hardreset racreset recycle failover switchover promote demote rollback restore recover rebuild step-down switch-over"
_RUN = "exec run shell ssh console attach enter eval script cmd command rsh bash sh invoke call"
_CHANGE = """
create add set new apply update edit put write start enable install import export up deploy sync push pull copy cp mv move rename
mount login logout init join register patch replace upgrade scale resize migrate assign unassign grant config configure build make
generate gen save load backup snapshot clone fork merge commit publish upload download fetch sign approve deny accept reject unlock pin unpin hold unhold mark unmark
lock uncordon resume open close connect connect-all use use-context switch select send post trigger rotate renew request issue label
annotate tag bootstrap spawn split swap convert encrypt decrypt toggle evacuate relocate place refresh reconcile rebalance repair scrub resync balance change modify alter adopt bind unbind link unlink
"""

VERBS: Mapping[str, str] = {
    **dict.fromkeys(_SHOW.split(), "read"),
    **dict.fromkeys(_CHANGE.split(), "infra"),
    **dict.fromkeys(_RUN.split(), "dark"),
    **dict.fromkeys(_AGAIN.split(), "infra+service_restart+service_stop~"),
    **dict.fromkeys(_STOP.split(), "infra+service_stop"),
    **dict.fromkeys(_LOSE.split(), "infra+delete+data_loss~"),
}
"""Verb -> effects, as rows write them."""

CHANGING = frozenset(verb for verb, spec in VERBS.items() if spec != "read")
"""Verbs behind a noun: a row that knows only the noun knows how it is shown, not what these do to it."""

TELLING = word_set(
    "help explain show list ls get describe search logs log man info diff status cat query find view inspect history version "
    "which grep check events top print whatis can-i validate verify lint"
)
"""Verbs behind which the words are only names."""

TOLD_LAST = TELLING | word_set("stat stats statistics health usage summary report")
"""Words that end a joined verb which shows: `node-list`, `cache-stats`."""

NOUNS_TOO = word_set(
    "config backup snapshot build tag issue label release import export lock request upload download link patch merge mount restore "
    "job deploy clone script"
)
"""Verbs that are nouns as well, so that the verb behind them counts: `config validate`, `snapshot delete`."""
