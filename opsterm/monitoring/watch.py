"""The watch: which rule looks at which series, and how every alert stands.

Measurements go in by the batch; only what is worth telling comes out. A healthy series costs one look-up and one
comparison. The figures of an open alert (value, count, summary) are brought up to date when somebody asks for them,
not with every reading.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from opsterm.monitoring.alerts import (
    Alert,
    AlertState,
    Decision,
    Reason,
    Severity,
    end,
    expire,
    grow,
    step,
)
from opsterm.monitoring.metrics import matches
from opsterm.monitoring.ring import EMPTY, Ring, judge, push
from opsterm.monitoring.sample import Sample, SeriesKey
from opsterm.monitoring.thresholds import Rule

Selects = Callable[[str, str], bool]
"""`selects(selector, target name)`: whether a rule's selector takes in a target."""

Among = Callable[[SeriesKey], bool]
"""`among(series)`: whether it is meant, too."""

STALE_READINGS = 10
"""Readings that did not come, after which those before them no longer count."""

RULE_GONE = "no threshold watches this any more"
TARGET_GONE = "the target is no longer looked after"


def by_name(selector: str, target: str) -> bool:
    """Select by wildcards over the target's name only: for tests and for a host that has no inventory."""
    return fnmatchcase(target, selector)


def any_series(key: SeriesKey) -> bool:
    """Mean every series."""
    del key
    return True


@dataclass(slots=True, kw_only=True)
class _Track:
    """One watched series. `alert` lags behind by `more` bad readings up to `newest`, see `Watch._caught_up`."""

    rule: Rule
    limits_sign: float
    clear: float
    stale_after_s: float
    ring: Ring = EMPTY
    alert: Alert | None = None
    ended: Alert | None = None
    newest: Sample | None = None
    more: int = 0
    last_bad: float = 0.0
    moved: bool = False
    kept_at: float = 0.0


class Watch:
    """Judges measurements of many series by rules, and remembers the alerts.

    One owner: not safe for several threads.
    """

    def __init__(self, rules: Sequence[Rule], *, selects: Selects = by_name, stale_after_s: float = math.inf) -> None:
        """Begin with no alerts.

        Args:
            rules: in the order in which they are tried.
            selects: see `Selects`; asked once for each rule and series.
            stale_after_s: after so many seconds without a reading, older readings no longer count for "n of m"; an
                open alert stays open.
        """
        self._rules = _by_series(rules)
        self._selects = selects
        self._stale_after_s = stale_after_s
        self._tracks: dict[SeriesKey, _Track | None] = {}

    # ------------------------------------------------------------------------------------- what goes in

    def load(self, alerts: Iterable[Alert], now: float) -> Sequence[Decision]:
        """Take alerts from before a restart; nothing fires again and nothing is lost.

        Args:
            alerts: the open ones; resolved ones too, for silences that go on and faults that come back.
            now: epoch seconds.

        Returns:
            Ends of alerts that no rule watches any more, or that stand for a series a second time.
        """
        decisions = []
        for alert in sorted(alerts, key=lambda a: a.since, reverse=True):
            track = self._track(alert.key)
            if alert.state is AlertState.RESOLVED:
                if track is not None and track.ended is None:
                    track.ended = alert
            elif track is None or track.alert is not None:
                decisions.append(Decision(alert=end(alert, now, RULE_GONE), reason=Reason.RESOLVED))
            else:
                track.alert, track.kept_at = replace(alert, rule=track.rule.name), now
        return decisions

    def observe(self, samples: Iterable[Sample], now: float) -> Sequence[Decision]:
        """Judge measurements; return the alerts that changed in a way worth telling and keeping.

        Args:
            samples: each series' readings in order of time, each once. Values that are no finite number are no
                readings.
            now: epoch seconds.
        """
        decisions: list[Decision] = []
        tracks = self._tracks
        for sample in samples:
            key, at, value = sample
            try:
                track = tracks[key]
            except KeyError:
                track = self._track(key)
            if track is None:
                continue
            newest, track.newest = track.newest, sample
            ring = track.ring
            rule = track.rule
            if newest is not None and at - newest.at > track.stale_after_s:
                ring = EMPTY
            elif (
                track.alert is None
                and not ring.bad
                and ring.size == rule.m
                and ring.calm == ring.eased == rule.n
                and track.limits_sign * value <= track.clear
            ):
                continue  # one more good reading among good ones changes nothing, not even the ring
            if not math.isfinite(value):
                track.newest = newest
                continue
            decision = self._judge(track, push(ring, rule, value), sample, now)
            if decision is not None:
                decisions.append(decision)
        return decisions

    def _judge(self, track: _Track, ring: Ring, sample: Sample, now: float) -> Decision | None:
        alert, rule = track.alert, track.rule
        track.ring = ring
        if alert is None and not ring.bad:
            return None
        if alert is not None and alert.state is not AlertState.SILENCED and _is_quiet(alert, ring, rule):
            track.moved = True
            if ring.bad & 1:
                track.more += 1
                track.last_bad = sample.at
            return None
        after = step(self._caught_up(track), ring, rule, sample, now, ended=track.ended)
        self._settle(track, after.alert)
        if after.alert is None or after.reason is None:
            return None
        track.kept_at = now
        return Decision(alert=after.alert, reason=after.reason)

    def _settle(self, track: _Track, alert: Alert | None) -> None:
        """Remember what became of a track's alert."""
        track.more, track.last_bad = 0, 0.0
        if alert is not None and alert.state is AlertState.RESOLVED:
            track.ended, track.alert, track.moved = alert, None, False
        else:
            track.alert, track.moved = alert, alert is not None and alert.is_open

    def _caught_up(self, track: _Track) -> Alert | None:
        """Return the track's alert with the bad readings that were only counted so far; `step` adds the newest."""
        if track.alert is None or not track.more:
            return track.alert
        return replace(track.alert, count=track.alert.count + track.more, last_seen=track.last_bad)

    def tick(self, now: float) -> Sequence[Decision]:
        """Return silences that have run out. Needs no readings; call it about once a second."""
        decisions = []
        for track in self._live():
            alert = self._current(track) if track.alert and track.alert.state is AlertState.SILENCED else None
            decision = expire(alert, now) if alert is not None else None
            if decision is not None:
                self._settle(track, decision.alert)
                decisions.append(decision)
        return decisions

    def adopt(self, theirs: Alert) -> Decision | None:
        """Take over what was decided elsewhere: a number given by the store, an acknowledgement, a silence.

        Figures and severity stay as the readings here say.

        Returns:
            The end of the alert when it has already ended here while `theirs` says it is open: keep it once more.
        """
        track = self._track(theirs.key)
        if track is None:
            return None
        ours, ended = track.alert, track.ended
        if ours is not None and ours.is_open and theirs.fingerprint == ours.fingerprint:
            if theirs.is_open and ours.id in (0, theirs.id):
                track.alert = replace(
                    ours,
                    id=theirs.id,
                    state=theirs.state,
                    by=theirs.by,
                    note=theirs.note,
                    silenced_until=theirs.silenced_until,
                )
            return None
        if ended is not None and ended.fingerprint == theirs.fingerprint and ended.id in (0, theirs.id):
            track.ended = replace(
                ended, id=theirs.id, by=theirs.by, note=theirs.note, silenced_until=theirs.silenced_until
            )
            if theirs.is_open:
                return Decision(alert=track.ended, reason=Reason.RESOLVED)
        return None

    def forget(self, target: str, now: float, *, among: Among = any_series) -> Sequence[Decision]:
        """Stop watching series of a target that are no longer looked after; return the ends of their alerts."""
        decisions = []
        for key in [k for k in self._tracks if k.target == target and among(k)]:
            track = self._tracks.pop(key)
            alert = None if track is None else self._current(track)
            if alert is not None and alert.is_open:
                decisions.append(Decision(alert=end(alert, now, TARGET_GONE), reason=Reason.RESOLVED))
        return decisions

    # ------------------------------------------------------------------------------------ what can be asked

    def open_alerts(self) -> Sequence[Alert]:
        """Return the open alerts with their newest figures."""
        return [alert for alert in self._alerts() if alert.is_open]

    def unsaved(self, now: float, *, every_s: float = 60.0) -> Sequence[Alert]:
        """Return open alerts to be kept though there is nothing to tell: each at most once in `every_s` seconds.

        These are alerts whose figures moved, and such as have no number yet because they could not be kept.
        """
        due = []
        for track in self._live():
            if now - track.kept_at >= every_s and track.alert is not None and (track.moved or not track.alert.id):
                alert = self._current(track)
                if alert is not None and alert.is_open:
                    due.append(alert)
                    track.kept_at, track.moved = now, False
        return due

    def rule_for(self, key: SeriesKey) -> Rule | None:
        """Return the rule that watches a series, None for none: the chart draws its levels."""
        track = self._track(key)
        return None if track is None else track.rule

    def _alerts(self) -> Iterator[Alert]:
        for track in self._live():
            alert = self._current(track)
            if alert is not None:
                yield alert

    def _current(self, track: _Track) -> Alert | None:
        """Return the track's alert with its newest figures, and remember it so."""
        if track.alert is not None and track.newest is not None and track.ring.size and track.moved:
            grown = grow(track.alert, track.ring, track.rule, track.newest, more=track.more)
            track.alert, track.more = replace(grown, last_seen=max(grown.last_seen, track.last_bad)), 0
        return track.alert

    def _live(self) -> Iterator[_Track]:
        return (track for track in self._tracks.values() if track is not None and track.alert is not None)

    def _track(self, key: SeriesKey) -> _Track | None:
        """Return what watches a series, made at the first look; None for a series that no rule watches."""
        if key in self._tracks:
            return self._tracks[key]
        found = [self._rules.get(where, ()) for where in ((key.metric, key.item), (key.metric, ""), ("", ""))]
        rules = [rule for _, rule in sorted((one for some in found for one in some), key=lambda one: one[0])]
        rule = next((r for r in rules if matches(r.metric, key) and self._selects(r.target, key.target)), None)
        track = None
        if rule is not None and rule.watches:
            stale_after_s = max(self._stale_after_s, STALE_READINGS * rule.every_s)
            track = _Track(
                rule=rule, limits_sign=rule.limits.sign, clear=rule.limits.clear, stale_after_s=stale_after_s
            )
        self._tracks[key] = track
        return track


def _by_series(rules: Sequence[Rule]) -> Mapping[tuple[str, str], Sequence[tuple[int, Rule]]]:
    """Return rules with their places in the order, by what their pattern names without wildcards.

    That is metric and item, or metric and "", or two empty texts for a pattern with wildcards: a thousand rules, each
    for one series, must not be tried on each of thousands of series.
    """
    found: dict[tuple[str, str], list[tuple[int, Rule]]] = {}
    for order, rule in enumerate(rules):
        metric, _, rest = rule.metric.partition("[")
        plain = not set("*?") & set(rule.metric)
        found.setdefault((metric, rest.removesuffix("]")) if plain else ("", ""), []).append((order, rule))
    return found


def _is_quiet(alert: Alert, ring: Ring, rule: Rule) -> bool:
    """Return whether the readings leave an alert where it stands: only its figures move."""
    if alert.state is AlertState.PENDING:
        return ring.bad != 0 and judge(ring, rule, critical=None) is None
    return judge(ring, rule, critical=alert.severity is Severity.CRITICAL) is None
