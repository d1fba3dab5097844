"""A question that may never be answered is put to a child, and nobody waits for it."""

from __future__ import annotations

import os
import time

from opsterm.adapters.slow_reading import SlowReading


def wait_for_child(reading: SlowReading) -> None:
    assert reading._child is not None
    os.waitid(os.P_PID, reading._child.pid, os.WEXITED | os.WNOWAIT)


def test_the_answer_comes_once_and_the_question_is_put_again_when_it_is_due() -> None:
    reading = SlowReading(("echo", "3"), every_s=60)
    for round_at in (0.0, 60.0):
        assert reading.poll(round_at) is None
        wait_for_child(reading)
        assert reading.poll(round_at + 2) == "3\n"
        assert reading.poll(round_at + 4) is None
        assert reading._child is None


def test_one_that_hangs_holds_up_nobody_and_is_ended() -> None:
    reading = SlowReading(("sleep", "1000"), every_s=60, timeout_s=10)
    begun = time.perf_counter()
    assert reading.poll(0) is None
    assert reading.poll(9) is None
    child = reading._child
    assert child is not None
    assert child.poll() is None
    assert reading.poll(11) is None
    assert time.perf_counter() - begun < 30
    wait_for_child(reading)
    assert reading.poll(12) is None
    assert child.returncode == -9
    assert reading.poll(61) is None
    assert reading._child is not None
    reading.close()


def test_a_failure_is_no_answer_and_a_missing_program_is_not_looked_for_again() -> None:
    reading = SlowReading(("false",), every_s=60)
    reading.poll(0)
    wait_for_child(reading)
    assert reading.poll(1) is None
    missing = SlowReading(("no-such-program-here",), every_s=1)
    assert missing.poll(0) is None
    assert missing.poll(5) is None
    assert missing._started_at == 0


def test_closing_ends_the_child_and_starts_no_other() -> None:
    reading = SlowReading(("sleep", "1000"), every_s=1)
    reading.poll(0)
    child = reading._child
    assert child is not None
    reading.close()
    assert child.returncode == -9
    reading.close()
    assert reading.poll(100) is None
    assert reading._child is None
