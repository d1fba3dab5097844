"""A conversation: every answer is stamped, and what it cites can be opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.assistant.stamp import Rung
from opsterm.assistant.turn import TurnEnded
from opsterm.core.errors import NotFound
from tests.runtime.stage import opened


async def test_rules_answer_in_one_event_that_is_stamped_and_whose_sources_open(home: Path) -> None:
    async with opened(home) as runtime:
        assistant = await runtime.assistant()
        events = [event async for event in assistant.converse("what do I do when the disk is full?")]
        [ended] = events
        assert isinstance(ended, TurnEnded)
        assert ended.answer.stamp is not None
        assert ended.answer.stamp.rung is Rung.RETRIEVAL
        assert "retrieval · " in ended.answer.stamp.line
        card = await assistant.artefact(ended.turn, "k1")
        assert "symptoms" in card.text
        with pytest.raises(NotFound):
            await assistant.artefact(ended.turn, "k99")
        [ended] = [event async for event in assistant.converse("how many targets are there?")]
        assert isinstance(ended, TurnEnded)
        assert ended.answer.stamp is not None
        assert ended.answer.stamp.rung is Rung.RULES
