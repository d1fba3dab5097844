"""How much a model can hold: few sizes, what is left out is the oldest, and what was cut is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.assistant.model.catalogue import CHAT, EMBED, LoadedModel, ModelRow, choose_model
from opsterm.assistant.model.context import cut_sentence, fitted, least_tokens, most_tokens
from opsterm.assistant.model.talk import ChatAsk, ChatEnd, ChatMessage, Role, ToolCall
from opsterm.core.model_settings import CONTEXTS
from tests.ollama.tokens import count_tokens

SYSTEM = ChatMessage(role=Role.SYSTEM, text="Be short.")


def ask(*messages: ChatMessage, context: int = 8192) -> ChatAsk:
    return ChatAsk(model="m", messages=messages, context=context, answer_tokens=512)


def user(text: str) -> ChatMessage:
    return ChatMessage(role=Role.USER, text=text)


@given(st.integers(0, 60_000))
def test_a_question_is_asked_in_the_smallest_size_that_holds_it(length: int) -> None:
    made, left_out = fitted(ask(user("x" * length), context=32768))
    assert left_out == 0
    assert made.context in CONTEXTS
    assert made.context <= 32768
    assert made.messages == (user("x" * length),) or list(made.messages) == [user("x" * length)]


def test_the_oldest_are_left_out_never_the_rules_nor_the_question_nor_a_result_alone() -> None:
    call = ToolCall(id="1", name="find", arguments={})
    talk = [SYSTEM]
    for number in range(40):
        talk += [
            user(f"{number} " + "word " * 200), ChatMessage(role=Role.ASSISTANT, text="", calls=(call,)),
            ChatMessage(role=Role.TOOL, text="found " * 100, call_id="1", tool="find"),
        ]  # fmt: skip
    made, left_out = fitted(ask(*talk, user("and now?"), context=8192))
    assert made.context == 8192
    assert 0 < left_out == len(talk) + 1 - len(made.messages)
    assert made.messages[0] == SYSTEM
    assert made.messages[-1] == user("and now?")
    assert made.messages[1].role is not Role.TOOL
    assert "left out" in cut_sentence(made, ChatEnd(reason="stop"), left_out=left_out)


@pytest.mark.parametrize(
    "text",
    [
        "The disk of web-03 is full since Tuesday; what can be deleted without harm?",
        "Feb 28 14:01:07 db-01 kernel: [1234567.890] Out of memory: Killed process 4211 (java) total-vm:8123456kB",
        "     indented\n\n\n          a lot      of blanks\n" * 20, "日本語です。", "",
    ],
)  # fmt: skip
def test_a_text_has_as_many_tokens_as_is_thought(text: str) -> None:
    assert least_tokens(text) <= count_tokens(text) <= most_tokens(text)


LONG = user("what is wrong with the disk of web-03 today " * 100)


@pytest.mark.parametrize(
    ("end", "held", "said"),
    [
        (ChatEnd(reason="stop", prompt_tokens=1100), 8192, ""),
        (ChatEnd(reason="stop", prompt_tokens=None), 0, ""),
        (ChatEnd(reason="stop", prompt_tokens=300), 0, "saw 300 of at least"),
        (ChatEnd(reason="length", prompt_tokens=1100, answer_tokens=512), 0, "cut at 512 tokens"),
        (ChatEnd(reason="stop", prompt_tokens=1100), 4096, "holds 4096 tokens only"),
    ],
)
def test_what_was_cut_is_said(end: ChatEnd, held: int, said: str) -> None:
    sentence = cut_sentence(ask(LONG), end, held=held)
    assert said in sentence
    assert bool(sentence) is bool(said)


@pytest.mark.parametrize(
    ("size", "on_gpu", "share"),
    [
        (1000, 0, "0 % GPU"), (1000, 1000, "100 % GPU"), (1000, 730, "73 % GPU"), (1000, 735, "73 % GPU"),
        (1000, 745, "74 % GPU"), (0, 0, ""), (1000, 1001, ""),
    ],
)  # fmt: skip
def test_the_share_of_the_graphics_card_is_rounded_as_the_servers_own_list_does(
    size: int, on_gpu: int, share: str
) -> None:
    assert LoadedModel(name="m", size=size, on_gpu=on_gpu).share == share


ROWS = [
    ModelRow(name="far:1", capabilities=("completion", "embedding"), remote="https://models.example.org"),
    ModelRow(name="e:1", capabilities=("embedding",)), ModelRow(name="a:1", capabilities=("completion",)),
    ModelRow(name="b:latest", capabilities=("completion", "tools")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "loaded", "can", "chosen"),
    [
        ("", [], CHAT, "a:1"), ("", ["b:latest"], CHAT, "b:latest"), ("", ["e:1"], CHAT, "a:1"), ("", [], EMBED, "e:1"),
        ("B", [], CHAT, "b:latest"), ("c", ["a:1"], CHAT, None),
        ("", ["far:1"], CHAT, "a:1"), ("far:1", [], CHAT, "far:1"),
    ],
)  # fmt: skip
def test_the_model_in_use_is_the_named_the_loaded_or_the_first(
    wanted: str, loaded: list[str], can: str, chosen: str | None
) -> None:
    found = choose_model(wanted, ROWS, [LoadedModel(name=name) for name in loaded], can)
    assert (found.name if found else None) == chosen


def test_of_an_old_server_the_first_model_is_talked_to_and_none_makes_vectors() -> None:
    rows = [ModelRow(name="a:1"), ModelRow(name="b:1")]
    assert choose_model("", rows, [], CHAT) == rows[0]
    assert choose_model("", rows, [], EMBED) is None
