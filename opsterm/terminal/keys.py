"""Keys, pastes and the mouse, turned into the bytes a program on a terminal expects.

Key names are Textual's: "a", "A", "ctrl+c", "alt+x", "shift+up", "full_stop", "ctrl+right_square_bracket".
What is sent is what xterm sends with its defaults for TERM=xterm-256color, with `backspace` as DEL, as every Linux
terminal does.

Sources: xterm's ctlseqs ("PC-Style Function Keys", "Bracketed Paste Mode", "SGR mouse mode"), terminfo xterm-256color.
"""

from __future__ import annotations

import re
import unicodedata

from opsterm.terminal.emulator import Modes, MouseReports

_LETTER_KEYS = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
"""CSI letter; SS3 letter while cursor keys are in application mode; CSI 1 ; modifier letter with a modifier."""

_SS3_KEYS = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_TILDE_KEYS = {
    "insert": 2, "delete": 3, "pageup": 5, "pagedown": 6,
    "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24,
}  # fmt: skip
_SIMPLE_KEYS = {"enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " "}
_NAMED = {
    re.sub("[- ]", "_", unicodedata.name(chr(point), "").lower()): chr(point)
    for point in (*range(0x20, 0x7F), *range(0xA0, 0x180))
} | {"slash": "/", "backslash": "\\", "at": "@", "minus": "-", "plus": "+", "underscore": "_"}
"""Textual's names of characters that are no letters or digits: their Unicode names, and six shorter ones."""

_CONTROLS = {
    "@": 0, " ": 0, "2": 0, "[": 27, "3": 27, "\\": 28, "4": 28, "]": 29, "5": 29, "^": 30, "6": 30, "_": 31,
    "7": 31, "/": 31, "8": 127, "?": 127,
}  # fmt: skip
"""What xterm sends for ctrl and a key that is no letter."""

_MODIFIERS = {"shift": 1, "alt": 2, "meta": 2, "ctrl": 4}
_PASTE_MARKS = re.compile("(?:\x1b\\[|\x9b)20[01]~")
_NOT_PASTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def encode_key(key: str, character: str | None = None, *, application_cursor: bool = False) -> bytes:
    """Return what a key sends, b"" for a key that sends nothing.

    Args:
        key: the key's name.
        character: what the key typed, when the face knows it; used only without ctrl and alt.
        application_cursor: whether the program asked for application cursor keys (DECCKM).
    """
    modifier, base = _split(key)
    base, modifier = _unshift_function_key(base, modifier)
    sequence = _function_key(base, modifier, application_cursor=application_cursor)
    if sequence:
        return sequence.encode()
    if base in _SIMPLE_KEYS:
        return _simple_key(base, modifier)
    char = _character(base)
    if not modifier & 6 and character and len(character) == 1 and unicodedata.category(character) != "Cc":
        return character.encode("utf-8", errors="ignore")
    if not char:
        return b""
    if modifier & 1 and len(char.upper()) == 1:
        char = char.upper()
    if modifier & 4:
        control = _control(char)
        if control is None:
            return b""
        char = chr(control)
    prefix = b"\x1b" if modifier & 2 else b""
    return prefix + char.encode("utf-8", errors="ignore")


def encode_paste(text: str, *, bracketed: bool) -> bytes:
    """Return what a paste sends: line ends as CR, no control but tab, no way out of the brackets.

    Args:
        text: what the clipboard held.
        bracketed: whether the program asked to be told where a paste begins and ends (mode 2004).
    """
    previous = ""
    while previous != text:  # a mark may be hidden inside a mark
        previous, text = text, _PASTE_MARKS.sub("", text)
    text = text.replace("\r\n", "\r").replace("\n", "\r")
    body = _NOT_PASTED.sub("", text).encode("utf-8", errors="ignore")
    return b"\x1b[200~" + body + b"\x1b[201~" if bracketed else body


def encode_focus(modes: Modes, *, gained: bool) -> bytes:
    """Return the focus report a program asked for (mode 1004), b"" when it did not."""
    if not modes.focus_reports:
        return b""
    return b"\x1b[I" if gained else b"\x1b[O"


def encode_mouse(
    modes: Modes,
    *,
    action: str,
    button: int,
    x: int,
    y: int,
    shift: bool = False,
    alt: bool = False,
    ctrl: bool = False,
) -> bytes:
    """Return the SGR report of a mouse action, b"" when the program did not ask for it.

    Args:
        modes: what the program asked for; only the SGR form (mode 1006) is spoken.
        action: "press", "release", "move", "scroll_up" or "scroll_down".
        button: 1 left, 2 middle, 3 right, 0 none.
        x: 0-based column.
        y: 0-based row.
        shift: whether shift was held.
        alt: whether alt was held.
        ctrl: whether ctrl was held.
    """
    if modes.mouse is MouseReports.NONE or not modes.mouse_sgr:
        return b""
    if action == "move" and (
        modes.mouse is MouseReports.BUTTONS or (modes.mouse is MouseReports.DRAGS and button == 0)
    ):
        return b""
    code = {"scroll_up": 64, "scroll_down": 65}.get(action, button - 1 if button else 3)
    code += 32 if action == "move" else 0
    code += 4 * shift + 8 * alt + 16 * ctrl
    return f"\x1b[<{code};{x + 1};{y + 1}{'m' if action == 'release' else 'M'}".encode()


def _split(key: str) -> tuple[int, str]:
    """Return xterm's modifier bits (shift 1, alt 2, ctrl 4) and the key without them."""
    *names, base = key.split("+") if key != "+" else ["+"]
    modifier = 0
    for name in names:
        modifier |= _MODIFIERS.get(name, 0)
    return modifier, base


def _unshift_function_key(base: str, modifier: int) -> tuple[str, int]:
    """Return f13 to f24 as what was pressed: Textual reads shift+f1 as f13."""
    if base[:1] == "f" and base[1:].isdecimal() and 13 <= int(base[1:]) <= 24:
        return f"f{int(base[1:]) - 12}", modifier | 1
    return base, modifier


def _function_key(base: str, modifier: int, *, application_cursor: bool) -> str:
    if base in _LETTER_KEYS:
        letter = _LETTER_KEYS[base]
        if modifier:
            return f"\x1b[1;{modifier + 1}{letter}"
        return f"\x1bO{letter}" if application_cursor else f"\x1b[{letter}"
    if base in _SS3_KEYS:
        letter = _SS3_KEYS[base]
        return f"\x1b[1;{modifier + 1}{letter}" if modifier else f"\x1bO{letter}"
    if base in _TILDE_KEYS:
        number = _TILDE_KEYS[base]
        return f"\x1b[{number};{modifier + 1}~" if modifier else f"\x1b[{number}~"
    return ""


def _simple_key(base: str, modifier: int) -> bytes:
    prefix = b"\x1b" if modifier & 2 else b""
    if base == "tab" and modifier & 1:
        return prefix + b"\x1b[Z"
    if base == "backspace" and modifier & 4:
        return prefix + b"\x08"
    if base == "space" and modifier & 4:
        return prefix + b"\x00"
    return prefix + _SIMPLE_KEYS[base].encode()


def _character(base: str) -> str:
    """Return the character a key name stands for, "" when it stands for none."""
    if len(base) == 1:
        return base
    if base in _NAMED:
        return _NAMED[base]
    try:
        return unicodedata.lookup(base.replace("_", " "))
    except KeyError:
        return ""


def _control(char: str) -> int | None:
    """Return the control code of ctrl and a character, None when there is none."""
    if "a" <= char <= "z" or "A" <= char <= "Z":
        return ord(char.upper()) - 64
    return _CONTROLS.get(char)
