"""libghostty-vt's C interface as pyghostty declares it: calls that check, handles that free themselves, layout.

Everything typed `Any` here is a C value, handle or function, which Python's types cannot describe; none of them
leaves the `ghostty*` modules of this room.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pyghostty._ffi import ffi, lib

from opsterm.core.errors import OpstermError
from opsterm.terminal.cells import LAYOUT

_STRUCTS = (
    "GhosttyCellsView", "GhosttyClipboardContent", "GhosttyClipboardRead", "GhosttyClipboardReadReply",
    "GhosttyClipboardWrite", "GhosttyClipboardWriteReply", "GhosttyRenderStateCursor", "GhosttySizeReportSize",
    "GhosttyString", "GhosttyStyle", "GhosttyStyleColor", "GhosttyTerminalDesktopNotification",
    "GhosttyTerminalModeConfig", "GhosttyTerminalScrollbar", "GhosttyTerminalScrollViewport",
)  # fmt: skip

# A union cannot be passed by value through cffi's ABI mode; a struct of the same layout can.
ffi.cdef("""
typedef struct { intptr_t delta; uint64_t padding; } OpstermScrollValue;
typedef struct { GhosttyTerminalScrollViewportTag tag; OpstermScrollValue value; } OpstermScroll;
""")
_scroll_viewport = ffi.cast(
    "void(*)(GhosttyTerminal, OpstermScroll)", ffi.addressof(lib, "ghostty_terminal_scroll_viewport")
)


@cache
def check_layout() -> None:
    """See that the library's cells and structs are laid out as this file reads them. About 2 ms, once.

    Raises:
        OpstermError: they are not.
    """
    types = json.loads(ffi.string(lib.ghostty_type_json()))["types"]
    bits = types["GhosttyCell"]["bits"]
    faults = [name for name, place in LAYOUT.items()
              if name not in bits or (bits[name]["lsb"], bits[name]["width"]) != place]  # fmt: skip
    for name in _STRUCTS:
        described, declared = types[name], ffi.typeof(name)
        if described["size"] != ffi.sizeof(declared):
            faults.append(name)
            continue
        for field, place in described["fields"].items():
            if ffi.offsetof(declared, field) != place["offset"]:
                faults.append(f"{name}.{field}")
    if ffi.sizeof("OpstermScroll") != ffi.sizeof("GhosttyTerminalScrollViewport"):
        faults.append("OpstermScroll")
    if faults:
        raise OpstermError(
            "The terminal pane cannot be used with the pyghostty that is installed.",
            why=f"Its memory layout differs from the one opsterm was written for: {', '.join(faults)}.",
            next_step="Install the version that opsterm names: pip install 'pyghostty==0.1.3'.",
        )


def check(result: int, what: str) -> None:
    """Raise OpstermError unless `result` is success; `what` names the call."""
    if result:
        raise OpstermError(
            "The terminal's emulator failed.",
            why=f"{what}: error {result} (-1 is out of memory).",
            next_step="Close the terminal and open it again.",
        )


def made(ctype: str, make: Any, *arguments: int, free: Any) -> Any:
    """Return a new handle that frees itself when it is released or forgotten."""
    out = ffi.new(ctype + "*")
    check(make(ffi.NULL, out, *arguments), f"making a {ctype}")
    return ffi.gc(out, lambda handle: free(handle[0]))


def sized(ctype: str) -> Any:
    """Return a new struct whose `size` field says its size, as the library wants it."""
    struct = ffi.new(ctype + "*")
    struct.size = ffi.sizeof(ctype)
    return struct


def text_of(string: Any, limit: int) -> str:
    """Return at most `limit` bytes of a GhosttyString as text, broken UTF-8 replaced."""
    return ffi.buffer(string.ptr, min(string.len, limit))[:].decode("utf-8", "replace") if string.len else ""


def value_of(terminal: Any, key: int, ctype: str) -> Any:
    """Return one GHOSTTY_TERMINAL_DATA_* value of a terminal."""
    out = ffi.new(ctype + "*")
    check(lib.ghostty_terminal_get(terminal[0], key, out), f"terminal value {key}")
    return out[0]


def mode_of(terminal: Any, number: int) -> bool:
    """Return whether a DEC private mode is set."""
    asked = ffi.new("GhosttyTerminalModeConfig*", {"mode": number})
    check(lib.ghostty_terminal_get(terminal[0], lib.GHOSTTY_TERMINAL_DATA_MODE, asked), f"mode {number}")
    return bool(asked.value)


def write(terminal: Any, data: bytes) -> None:
    """Feed bytes."""
    if data:
        lib.ghostty_terminal_vt_write(terminal[0], data, len(data))


def scroll_viewport(terminal: Any, tag: int, delta: int) -> None:
    """Move the shown rows; `tag` is one of GHOSTTY_SCROLL_VIEWPORT_*."""
    _scroll_viewport(terminal[0], ffi.new("OpstermScroll*", {"tag": tag, "value": {"delta": delta}})[0])
