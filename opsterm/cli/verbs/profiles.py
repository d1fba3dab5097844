"""The verb that says what a target is."""

from __future__ import annotations

from opsterm.cli.run import Context
from opsterm.core.errors import ExitCode
from opsterm.core.units import age_text
from opsterm.monitoring.kept_profile import profile_record
from opsterm.monitoring.profile_lines import profile_lines
from opsterm.runtime.profiles import ProfileNews, Profiles


async def profile(context: Context) -> int:
    """Print what a target is: as it is kept, or looked at now; with --diff what has changed."""
    name, diff = context.invocation.text("name"), context.invocation.yes("diff")
    printer, now = context.printer, context.runtime.clock.now()
    news = await _news(context.runtime.profiles, name, refresh=context.invocation.yes("refresh"), diff=diff)
    kept = news.kept
    if printer.json:
        printer.record(
            {
                "target": name, **profile_record(kept.profile), "since": kept.since, "at": kept.at,
                "compared_with": news.compared_with, "changes": [change.text for change in news.changes],
            }
        )  # fmt: skip
        return ExitCode.DONE
    if diff:
        for change in news.changes:
            printer.line(change.text)
        printer.say(_compared(news, name, now))
        return ExitCode.DONE
    for label, text in profile_lines(kept.profile, now, everything=context.invocation.yes("all")):
        printer.line(f"{label:16} {text}")
    if not kept.profile.complete:
        printer.say(f"{name} did not answer to the end: some of it may be missing, or from an earlier look.")
    printer.say(f"As looked at {age_text(now - kept.at)} ago; --refresh looks now.")
    return ExitCode.DONE


async def _news(profiles: Profiles, name: str, *, refresh: bool, diff: bool) -> ProfileNews:
    kept = None if refresh else await profiles.kept(name)
    if kept is None:
        return await profiles.refresh(name)
    if diff:
        return await profiles.changes(name)
    return ProfileNews(kept=kept, changes=(), compared_with=None)


def _compared(news: ProfileNews, name: str, now: float) -> str:
    if news.compared_with is None:
        return f"{name} was first looked at {age_text(now - news.kept.since)} ago: nothing to compare with."
    ago = f"{age_text(now - news.compared_with)} ago"
    if not news.changes:
        return f"Nothing has changed since {ago}."
    return f"{len(news.changes)} differences to what {name} was {ago}."
