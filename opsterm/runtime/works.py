"""Everything that the process that holds the lease runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from opsterm.runtime.camera_worker import camera_works
from opsterm.runtime.check_worker import check_works
from opsterm.runtime.checkpoints import LOOK_EVERY_S
from opsterm.runtime.collection_sources import of_cards, of_targets
from opsterm.runtime.collection_upkeep import CollectionUpkeep
from opsterm.runtime.drift import DriftWatch, drift_works
from opsterm.runtime.guard_reconciliation import GuardReconciliation
from opsterm.runtime.measure_jobs import MEASURE, MeasureJobs
from opsterm.runtime.ports_jobs import JobKind
from opsterm.runtime.profile_refresh import profile_works
from opsterm.runtime.report_jobs import REPORT, ReportJobs
from opsterm.runtime.scheduler import LOOK_EVERY_S as LOOK_FOR_JOBS_EVERY_S
from opsterm.runtime.scheduler import Scheduler
from opsterm.runtime.script_jobs import SCRIPT, ScriptJobs
from opsterm.runtime.snapshot_jobs import SNAPSHOT, SnapshotJobs
from opsterm.runtime.workers import Worker

if TYPE_CHECKING:
    from opsterm.runtime.runtime import Runtime


def all_works(runtime: Runtime) -> Sequence[Worker]:
    """Return the workers, by what the settings ask for."""
    interval_s = runtime.settings.monitoring.interval_s
    works = [Worker(name="measurements", run=runtime.monitoring.measure_for_ever, beat_every_s=interval_s)]
    if not runtime.settings.changes.read_only:
        run = runtime.remote_monitoring.measure_for_ever
        works.append(Worker(name="remote measurements", run=run, beat_every_s=1.0))
        works += profile_works(
            runtime.profiles, runtime.remote_monitoring, runtime.inventory, runtime.clock, runtime.settings
        )
    works += check_works(runtime.checks, runtime.clock, runtime.monitoring, runtime.settings.checks.parallel)
    works += camera_works(runtime.cameras, runtime.clock, runtime.monitoring)
    drift = DriftWatch(
        runtime.drift_alerts, lambda: runtime.recovery, runtime.changes, runtime.monitoring, runtime.ledger,
        runtime.clock,
    )  # fmt: skip
    works += drift_works(drift, runtime.drift_alerts)
    if not runtime.settings.changes.read_only:
        run_jobs = scheduler_of(runtime).run_for_ever
        works.append(Worker(name="scheduler", run=run_jobs, beat_every_s=LOOK_FOR_JOBS_EVERY_S))
    if runtime.settings.snmp.traps:
        works.append(Worker(name="traps", run=runtime.traps.receive_for_ever, beat_every_s=5.0))
    works += upkeep_of(runtime).workers()
    return [
        *works,
        Worker(name="samples upkeep", run=runtime.monitoring.compact_for_ever, beat_every_s=60.0),
        Worker(name="changes upkeep", run=lambda heart, _: runtime.changes.sweep(heart), beat_every_s=5.0),
        Worker(name="guarded changes", run=GuardReconciliation(runtime.guards, runtime.clock).run, beat_every_s=60.0),
        Worker(name="audit", run=runtime.audit.checkpoints.keep, beat_every_s=LOOK_EVERY_S),
        Worker(name="contents upkeep", run=lambda heart, _: runtime.files.tidy_for_ever(heart)),
        Worker(name="mail", run=runtime.post.deliver_for_ever),
        Worker(name="mail about alerts", run=runtime.notices.tell_for_ever),
    ]


def scheduler_of(runtime: Runtime) -> Scheduler:
    """Return what runs jobs, with what does each kind of them."""
    scripts = ScriptJobs(
        standing=lambda: runtime.standing, changes=runtime.changes, jobs=runtime.jobs, output=runtime.store.output,
        post=lambda: runtime.post, host=runtime.operator.host, measured=lambda: runtime.measured,
    )  # fmt: skip
    looks = MeasureJobs(
        runtime.measured, runtime.inventory, runtime.alerts, lambda: runtime.post, runtime.operator.host
    )
    kinds: Mapping[str, Callable[[], JobKind]] = {
        SNAPSHOT: lambda: SnapshotJobs(lambda: runtime.recovery),
        SCRIPT: lambda: scripts,
        MEASURE: lambda: looks,
        REPORT: lambda: ReportJobs(runtime.assistant, lambda: runtime.post, runtime.operator.host),
    }
    return Scheduler(
        runtime.store.jobs, runtime.jobs, kinds, runtime.clock, runtime.ledger, alerts=runtime.alerts,
        job_alerts=runtime.job_alerts, monitoring=runtime.monitoring,
    )  # fmt: skip


def upkeep_of(runtime: Runtime) -> CollectionUpkeep:
    """Return what keeps the collections of what is known, with what they are made of."""
    sources = [
        of_cards(lambda: runtime.knowledge, runtime.clock),
        of_targets(runtime.inventory, runtime.alerts, runtime.clock),
    ]
    return CollectionUpkeep(runtime.collections, runtime.store.preferences, runtime.clock, sources)
