"""Keys, pastes and the mouse reach the program as xterm would send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.terminal.emulator import Modes, MouseReports
from opsterm.terminal.keys import encode_focus, encode_key, encode_mouse, encode_paste

# key name, what xterm sends (ctlseqs, "PC-Style Function Keys"; infocmp xterm-256color)
SENT = [
    ("a", b"a"), ("A", b"A"), ("ß", "ß".encode()), ("日", "日".encode()), ("1", b"1"),
    ("space", b" "), ("full_stop", b"."), ("comma", b","), ("slash", b"/"), ("backslash", b"\\"), ("minus", b"-"),
    ("plus", b"+"), ("+", b"+"), ("underscore", b"_"), ("at", b"@"), ("tilde", b"~"), ("grave_accent", b"`"),
    ("vertical_line", b"|"), ("left_curly_bracket", b"{"), ("less_than_sign", b"<"), ("dollar_sign", b"$"),
    ("apostrophe", b"'"), ("quotation_mark", b'"'), ("circumflex_accent", b"^"), ("euro_sign", "€".encode()),
    ("enter", b"\r"), ("tab", b"\t"), ("shift+tab", b"\x1b[Z"), ("escape", b"\x1b"), ("backspace", b"\x7f"),
    ("ctrl+backspace", b"\x08"), ("alt+backspace", b"\x1b\x7f"), ("alt+enter", b"\x1b\r"), ("shift+enter", b"\r"),
    ("ctrl+space", b"\0"), ("ctrl+@", b"\0"), ("ctrl+backslash", b"\x1c"), ("ctrl+right_square_bracket", b"\x1d"),
    ("ctrl+circumflex_accent", b"\x1e"), ("ctrl+underscore", b"\x1f"), ("ctrl+slash", b"\x1f"), ("ctrl+2", b"\0"),
    ("ctrl+3", b"\x1b"), ("ctrl+8", b"\x7f"), ("alt+x", b"\x1bx"), ("alt+shift+x", b"\x1bX"),
    ("alt+full_stop", b"\x1b."),
    ("alt+ctrl+a", b"\x1b\x01"), ("ctrl+shift+c", b"\x03"), ("shift+a", b"A"),
    ("up", b"\x1b[A"), ("down", b"\x1b[B"), ("right", b"\x1b[C"), ("left", b"\x1b[D"),
    ("home", b"\x1b[H"), ("end", b"\x1b[F"), ("insert", b"\x1b[2~"), ("delete", b"\x1b[3~"),
    ("pageup", b"\x1b[5~"), ("pagedown", b"\x1b[6~"),
    ("shift+up", b"\x1b[1;2A"), ("alt+left", b"\x1b[1;3D"), ("ctrl+right", b"\x1b[1;5C"),
    ("ctrl+shift+end", b"\x1b[1;6F"),
    ("alt+ctrl+shift+home", b"\x1b[1;8H"), ("ctrl+delete", b"\x1b[3;5~"), ("alt+pagedown", b"\x1b[6;3~"),
    ("f1", b"\x1bOP"), ("f2", b"\x1bOQ"), ("f3", b"\x1bOR"), ("f4", b"\x1bOS"), ("f5", b"\x1b[15~"),
    ("f6", b"\x1b[17~"),
    ("f7", b"\x1b[18~"), ("f8", b"\x1b[19~"), ("f9", b"\x1b[20~"), ("f10", b"\x1b[21~"), ("f11", b"\x1b[23~"),
    ("f12", b"\x1b[24~"), ("f13", b"\x1b[1;2P"), ("shift+f1", b"\x1b[1;2P"), ("f17", b"\x1b[15;2~"),
    ("f24", b"\x1b[24;2~"), ("ctrl+f1", b"\x1b[1;5P"), ("ctrl+f13", b"\x1b[1;6P"), ("alt+f12", b"\x1b[24;3~"),
    ("<ignore>", b""), ("caps_lock", b""), ("ctrl+f35", b""), ("ctrl+ß", b""), ("", b""),
]  # fmt: skip

APPLICATION = [("up", b"\x1bOA"), ("down", b"\x1bOB"), ("right", b"\x1bOC"), ("left", b"\x1bOD"), ("home", b"\x1bOH"),
               ("end", b"\x1bOF"), ("ctrl+up", b"\x1b[1;5A"), ("delete", b"\x1b[3~"), ("f1", b"\x1bOP")]  # fmt: skip


@pytest.mark.parametrize(("key", "sent"), SENT)
def test_a_key_sends_what_xterm_sends(key: str, sent: bytes) -> None:
    assert encode_key(key) == sent


@pytest.mark.parametrize(("key", "sent"), APPLICATION)
def test_cursor_keys_follow_the_mode_the_program_asked_for(key: str, sent: bytes) -> None:
    assert encode_key(key, application_cursor=True) == sent


def test_every_ctrl_letter_is_its_control_code() -> None:
    for number in range(26):
        assert encode_key(f"ctrl+{chr(97 + number)}") == bytes([number + 1])


def test_the_typed_character_wins_over_the_name() -> None:
    assert encode_key("exclamation_mark", "!") == b"!"
    assert encode_key("some_new_name", "ŋ") == "ŋ".encode()
    assert encode_key("alt+x", "x") == b"\x1bx"
    assert encode_key("ctrl+c", "\x03") == b"\x03"


def test_every_printable_ascii_character_is_found_by_its_name() -> None:
    from textual.keys import _character_to_key

    for code in range(0x20, 0x7F):
        assert encode_key(_character_to_key(chr(code))) == bytes([code])


PASTES = [
    ("plain", b"plain"), ("a\nb\r\nc\rd", b"a\rb\rc\rd"), ("tab\there", b"tab\there"),
    ("out\x1b[201~\nrm -rf /\n", b"out\rrm -rf /\r"), ("out\x1b[2\x1b[201~01~in", b"outin"), ("\x9b201~x", b"x"),
    ("bell\x07 esc\x1b[A del\x7f nul\0", b"bell esc[A del nul"), ("é日\ud800", "é日".encode()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sent"), PASTES)
def test_a_paste_is_text_and_nothing_else(text: str, sent: bytes) -> None:
    assert encode_paste(text, bracketed=False) == sent
    assert encode_paste(text, bracketed=True) == b"\x1b[200~" + sent + b"\x1b[201~"


@given(st.text(alphabet=st.sampled_from("\x1b[201~0\x9b a\n\r\t\x07")))
def test_no_paste_leaves_its_brackets(text: str) -> None:
    sent = encode_paste(text, bracketed=True)
    assert sent.count(b"\x1b") == 2
    assert sent.endswith(b"\x1b[201~")


MOUSE = [
    (MouseReports.BUTTONS, "press", 1, b"\x1b[<0;3;5M"), (MouseReports.BUTTONS, "release", 1, b"\x1b[<0;3;5m"),
    (MouseReports.BUTTONS, "press", 3, b"\x1b[<2;3;5M"), (MouseReports.BUTTONS, "move", 1, b""),
    (MouseReports.DRAGS, "move", 1, b"\x1b[<32;3;5M"), (MouseReports.DRAGS, "move", 0, b""),
    (MouseReports.MOVES, "move", 0, b"\x1b[<35;3;5M"), (MouseReports.BUTTONS, "scroll_up", 0, b"\x1b[<64;3;5M"),
    (MouseReports.BUTTONS, "scroll_down", 0, b"\x1b[<65;3;5M"), (MouseReports.NONE, "press", 1, b""),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "action", "button", "sent"), MOUSE)
def test_the_mouse_is_reported_as_the_program_asked(asked: MouseReports, action: str, button: int, sent: bytes) -> None:
    assert encode_mouse(Modes(mouse=asked, mouse_sgr=True), action=action, button=button, x=2, y=4) == sent
    assert encode_mouse(Modes(mouse=asked), action=action, button=button, x=2, y=4) == b""


def test_modifiers_are_in_a_mouse_report() -> None:
    modes = Modes(mouse=MouseReports.BUTTONS, mouse_sgr=True)
    sent = encode_mouse(modes, action="press", button=1, x=0, y=0, shift=True, alt=True, ctrl=True)
    assert sent == b"\x1b[<28;1;1M"


def test_focus_is_reported_only_when_asked_for() -> None:
    assert encode_focus(Modes(), gained=True) == b""
    assert encode_focus(Modes(focus_reports=True), gained=True) == b"\x1b[I"
    assert encode_focus(Modes(focus_reports=True), gained=False) == b"\x1b[O"
