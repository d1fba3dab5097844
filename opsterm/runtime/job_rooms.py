"""Rooms of what is done by schedule: each is loaded and built when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from opsterm.runtime.target_rooms import TargetRooms

if TYPE_CHECKING:
    from opsterm.runtime.job_making import JobMaking
    from opsterm.runtime.job_view import JobView
    from opsterm.runtime.job_wishes import JobWishes
    from opsterm.runtime.jobs import Jobs
    from opsterm.runtime.measured import Measured
    from opsterm.runtime.said_back import SaidBack
    from opsterm.runtime.schedules import Schedules


class JobRooms(TargetRooms):
    """The use-cases of jobs and of phrases of time."""

    @cached_property
    def schedules(self) -> Schedules:
        """Phrases of time."""
        from opsterm.runtime.schedules import Schedules

        return Schedules(self.clock, self._edges.accounts, self.offload)

    @cached_property
    def jobs(self) -> Jobs:
        """What is done by schedule."""
        from opsterm.runtime.jobs import Jobs

        return Jobs(
            self.store.jobs, self.ledger, self.clock, self._edges.accounts, by=self.operator.name,
            read_only=self.settings.changes.read_only,
        )  # fmt: skip

    @cached_property
    def job_making(self) -> JobMaking:
        """Making jobs."""
        from opsterm.runtime.job_making import JobMaking

        return JobMaking(
            self.jobs, self.changes, self.inventory, lambda: self.standing, mail=self.settings.mail,
            files=self._edges.files, offload=self.offload, measured=lambda: self.measured,
        )  # fmt: skip

    @cached_property
    def measured(self) -> Measured:
        """What measurements say of a condition."""
        from opsterm.runtime.measured import Measured

        return Measured(self.monitoring, self.clock)

    @cached_property
    def job_view(self) -> JobView:
        """A job as it is shown."""
        from opsterm.runtime.job_view import JobView

        return JobView(self.jobs, self.job_making, self.changes, self.schedules, self.clock)

    @cached_property
    def said_back(self) -> SaidBack:
        """What waits for a yes."""
        from opsterm.runtime.said_back import SaidBack

        return SaidBack(self.clock)

    @cached_property
    def job_wishes(self) -> JobWishes:
        """Wishes about jobs, in a person's words."""
        from opsterm.assistant.world import World
        from opsterm.runtime.job_scripts import TaskScripts
        from opsterm.runtime.job_wishes import JobWishes

        async def world(now: float) -> World:
            series = await self.monitoring.all_series()
            return World(now=now, operator=self.operator.name, rows=self.inventory.rows(), series=series)

        return JobWishes(
            self.clock, schedules=self.schedules, making=self.job_making, jobs=self.jobs,
            scripts=TaskScripts(lambda: self.scripts), said_back=self.said_back, world=world,
        )  # fmt: skip
