"""What a turn of the chat costs: first words by rules and by a model, the loop while it streams, a thousand turns.

Run: pytest -m speed -n 0 tests/speed/test_turn_speed.py -s
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from pathlib import Path

import psutil
import pytest

from opsterm.assistant.model.offer import OFFERED
from opsterm.assistant.model.prompt import instructions
from opsterm.assistant.turn import PieceSaid, TurnEnded
from opsterm.runtime.runtime import Runtime
from tests.cli.test_models import served
from tests.ollama.models import FakeModel
from tests.ollama.scripts import says
from tests.runtime.model_stage import user
from tests.speed.test_model_speed import CHUNKS_A_SECOND, asked, lags

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(900)]

OPEN = "why might the nginx on web-01 be slow since the last deployment?"
SECONDS = 8
TURNS = 1000


async def first_words_ms(runtime: Runtime, text: str, *, offline: bool = False) -> float:
    """Return the milliseconds until something that can be read is there."""
    began = time.perf_counter()
    first = 0.0
    async for event in (await runtime.assistant()).converse(text, offline=offline):
        if not first and isinstance(event, PieceSaid | TurnEnded):
            first = 1000 * (time.perf_counter() - began)
    return first


async def direct_ms(runtime: Runtime, text: str) -> float:
    """Return the milliseconds until the first piece of the same request without the chat."""
    asked_with = [instructions(tools=True, now=time.time()), user(text)]
    began = time.perf_counter()
    async with runtime.talk.answer(asked_with, tools=OFFERED) as answer:
        await anext(answer)
        took = 1000 * (time.perf_counter() - began)
        [piece async for piece in answer]
    return took


def test_the_first_word_of_a_turn_comes_when_the_server_says_it(tmp_path: Path) -> None:
    """At most 20 ms after that of a bare question, at the median: the rules, the tools and their schemas are in it."""
    with served(FakeModel("m:1", script=says("one two"))) as server:

        async def run() -> tuple[list[float], list[float], list[float], float]:
            async with asked(tmp_path, server) as runtime:
                for offline in (True, False):
                    await first_words_ms(runtime, OPEN, offline=offline)
                turns, bare, before = [], [], time.process_time()
                for number in range(40):
                    turns.append(await first_words_ms(runtime, f"{OPEN} {number}"))
                    (await runtime.assistant()).begin()
                    bare.append(await direct_ms(runtime, f"{OPEN} {number}"))
                each = 1000 * (time.process_time() - before) / 40
                rules = [await first_words_ms(runtime, OPEN, offline=True) for _ in range(40)]
                return sorted(turns), sorted(bare), sorted(rules), each

        turns, bare, rules, each = asyncio.run(run())
    later = statistics.median(turns) - statistics.median(bare)
    print(f"\nfirst word of a turn {statistics.median(turns):.1f} ms, without the chat {statistics.median(bare):.1f}: "
          f"{later:.1f} ms later; by rules {statistics.median(rules):.1f} ms, worst {rules[-1]:.1f} ms; both with the "
          f"server {each:.0f} ms of CPU")  # fmt: skip
    assert later <= 20
    assert statistics.median(rules) < 300


def test_a_turn_streams_and_the_loop_goes_on(tmp_path: Path) -> None:
    """60 pieces a second: the loop is late by at most 50 ms at p95, 250 ms at worst; sentences are held at the end."""
    words = CHUNKS_A_SECOND * SECONDS
    with served(FakeModel("m:1", script=says(" word" * words))) as server:

        async def run() -> tuple[list[float], str]:
            async with asked(tmp_path, server) as runtime:
                await first_words_ms(runtime, OPEN)
                server.token_s = 1 / CHUNKS_A_SECOND
                late: list[float] = []
                watching = asyncio.ensure_future(lags(late))
                events = [event async for event in (await runtime.assistant()).converse(OPEN)]
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                return sorted(late), "".join(event.text for event in events if isinstance(event, PieceSaid))

        late, text = asyncio.run(run())
    p95 = late[int(len(late) * 0.95)]
    shown = f"p50 {late[len(late) // 2]:.1f}, p95 {p95:.1f}, worst {late[-1]:.1f} ms"
    print(f"\n{text.count('word')} words: the loop is late by {shown}")
    assert text.count("word") == words
    assert p95 <= 50
    assert late[-1] <= 250


def test_a_thousand_turns_leave_nothing_behind(tmp_path: Path) -> None:
    """Below 20 MB of growth after the first hundred, and no line more than are kept for the next turn."""
    with served(FakeModel("m:1", script=says("one two three four five [p1:1]."))) as server:

        async def run() -> tuple[float, int]:
            process, before = psutil.Process(), 0
            async with asked(tmp_path, server) as runtime:
                for number in range(TURNS + 100):
                    if number == 100:
                        gc.collect()
                        before = process.memory_info().rss
                    await first_words_ms(runtime, f"{OPEN} {number}\nERROR {number} no space left on device")
                    server.asked.clear()
                gc.collect()
                return (process.memory_info().rss - before) / 1e6, len(server._connections)

        began = time.perf_counter()
        grown, lines = asyncio.run(run())
        each = 1000 * (time.perf_counter() - began) / (TURNS + 100)
    print(f"\n{TURNS:,} turns with a text that is read first: {grown:.1f} MB more, {lines} lines, {each:.0f} ms each")
    assert grown < 20
    assert lines <= 2
