"""Local times to come as epoch seconds: by the clock on the wall, also over the days on which it is set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opsterm.assistant.world import World


def wall_today(world: World) -> datetime:
    """Return the local midnight with which today began, as the clock on the wall shows it; its zone says nothing."""
    local = datetime.fromtimestamp(world.now + world.utc_offset_s, UTC)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def wall_day(world: World, days: int, *, seconds: float = 0.0) -> float:
    """Return as epoch seconds when the clock shows so many seconds of the day that is so many days after today."""
    return at_wall(world, wall_today(world) + timedelta(days=days, seconds=seconds))


def at_wall(world: World, wall: datetime) -> float:
    """Return as epoch seconds when the clock on the wall shows a time.

    One that comes twice is the first; one that is left out is as long after the change as it would be without it.
    """
    shown = wall.timestamp()
    if world.offset_at is None:
        return shown - world.utc_offset_s
    before, after = (world.offset_at(shown - one) for one in (86400.0, -86400.0))
    if before == after or world.offset_at(shown - before) == before:
        return shown - before
    return shown - (after if world.offset_at(shown - after) == after else before)
