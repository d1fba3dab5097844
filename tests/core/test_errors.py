"""Every error says what, why and what next, and ends a script with a number that is promised."""

from __future__ import annotations

import pytest

from opsterm.core import errors
from opsterm.core.errors import BadSelector, ExitCode, HostKeyUnknown, OpstermError

EXIT_CODES = {
    "OpstermError": 70, "BadInput": 2, "NotFound": 2, "BadSelector": 2, "BadSetting": 2, "Unreachable": 3,
    "AuthenticationFailed": 3, "HostKeyUnknown": 3, "HostKeyChanged": 3, "NotBegun": 3, "TimedOut": 124, "Refused": 4,
    "SecretNotSent": 4, "Unguarded": 4, "NotApproved": 4, "LeaseLost": 4, "StorageError": 5, "SchemaTooNew": 5,
    "StorageFull": 5, "VaultLocked": 5, "ModelUnavailable": 6, "Interrupted": 130, "Bug": 70,
}  # fmt: skip


def kinds() -> dict[str, type[OpstermError]]:
    return {n: k for n, k in vars(errors).items() if isinstance(k, type) and issubclass(k, OpstermError)}


def test_the_exit_codes_are_an_interface() -> None:
    assert {name: int(kind.exit_code) for name, kind in kinds().items()} == EXIT_CODES
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0, "SOME_FAILED": 1, "BAD_INPUT": 2, "UNREACHABLE": 3, "REFUSED": 4, "STORAGE": 5,
        "MODEL_UNAVAILABLE": 6, "BUG": 70, "TIMED_OUT": 124, "INTERRUPTED": 130,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(EXIT_CODES) - {"BadSelector", "HostKeyUnknown"}))
def test_an_error_reads_what_why_next(name: str) -> None:
    kind = kinds()[name]
    error = kind("The disk is full.", why="No space is left.", next_step="Make room.")
    assert str(error) == "The disk is full.\nNo space is left.\nMake room."
    assert (error.what, error.why, error.next_step) == ("The disk is full.", "No space is left.", "Make room.")
    assert str(kind("Only this.")) == "Only this."


def test_a_fault_in_a_selector_is_pointed_at() -> None:
    error = BadSelector("A word is missing.", text="tag: and x", column=4)
    assert str(error) == "A word is missing.\ntag: and x\n    ^"


def test_an_unknown_host_key_says_how_it_is_accepted() -> None:
    error = HostKeyUnknown("web-1", key_type="ssh-ed25519", fingerprint="SHA256:abc", known_hosts_line="web-1 ssh-ed…")
    assert "SHA256:abc" in error.what
    assert "opsterm targets trust web-1 --fingerprint SHA256:abc" in error.next_step
