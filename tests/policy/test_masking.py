"""How the mask names what it masks, finds what is known, and takes any text."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.secret import Secret
from opsterm.policy.mask import mask, mask_text
from opsterm.policy.masking.devices import WAYS
from opsterm.policy.masking.numbers import find_numbers
from opsterm.policy.masking.plain import looks_random, looks_strong
from opsterm.policy.masking.tools import TOOLS
from tests.policy.masking.lines import read_lines

TEXTS = [line.plain for line in read_lines()]


def test_equal_secrets_have_equal_names_and_others_have_not() -> None:
    masked = mask_text("mysql -pblue7 a; PASSWORD=green8; curl -u ana:blue7 https://x; token ghp_" + "a1" * 18)
    assert masked.text == (
        "mysql -p[masked:password] a; PASSWORD=[masked:password-2]; curl -u ana:[masked:password] https://x; "
        "token [masked:token]"
    )
    assert masked.counts == {"password": 3, "token": 1}


def test_what_is_masked_later_does_not_take_a_name_that_is_taken() -> None:
    assert (
        mask("password=[masked:password] secret=zz81kq")[0] == "password=[masked:password] secret=[masked:password-2]"
    )


KNOWN = "s3cret/of web&01?"
FORMS = {
    "as it is": KNOWN,
    "in base64": base64.b64encode(KNOWN.encode()).decode(),
    "in base64 for URLs": base64.urlsafe_b64encode(KNOWN.encode()).decode().rstrip("="),
    "in base64 with a user before": base64.b64encode(f"ana:{KNOWN}".encode()).decode(),
    "in base64 in the midst": base64.b64encode(f"{{'p': '{KNOWN}'}}".encode()).decode(),
    "in a URL": quote(KNOWN, safe=""),
    "in a form": quote_plus(KNOWN),
    "in a path": quote(KNOWN),
    "in small hexadecimal": quote(KNOWN, safe="").replace("%2F", "%2f").replace("%3F", "%3f"),
    "in XML": KNOWN.replace("&", "&amp;"),
    "in hexadecimal digits": KNOWN.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_known_secret_is_found_in_every_form(form: str) -> None:
    masked = mask_text(f"x={form};", known=[Secret("other-one-9"), Secret(KNOWN)])
    assert form not in masked.text
    assert sum(masked.counts.values()) >= 1


def test_a_short_known_secret_is_masked_as_a_word_only() -> None:
    assert mask_text("he said blue, not bluebird", [Secret("blue")]).text == "he said [masked:credential], not bluebird"
    assert mask_text("a b c", [Secret("b"), Secret("")]).text == "a b c"


def test_the_secrets_of_a_kept_log_in_are_known() -> None:
    kept = Secret('{"auth": "SHA-256", "auth_passphrase": "maple leaf 9", "user": "monitor"}')
    assert mask_text("monitor SHA-256 maple leaf 9", [kept]).text == "monitor SHA-256 [masked:credential]"


NUMBERS = {
    "4111 1111 1111 1111": "card", "5555-5555-5555-4444": "card", "378282246310005": "card", "30569309025904": "card",
    "4111 1111 1111 1112": "", "1714564800000000": "", "0000000000000000": "", "4111111111111111abc": "",
    "DE89 3704 0044 0532 0130 00": "iban", "GB82WEST12345698765432": "iban", "NO9386011117947": "iban",
    "DE88 3704 0044 0532 0130 00": "", "XX89370400440532013000": "", "DE8937040044053201300": "",
}  # fmt: skip


@pytest.mark.parametrize(("number", "kind"), NUMBERS.items(), ids=NUMBERS)
def test_check_digits_tell_a_card_and_an_account_from_other_numbers(number: str, kind: str) -> None:
    assert [span.kind for span in find_numbers(f"no {number} here")] == ([kind] if kind else [])


def test_about_sixty_tools_and_more_are_known() -> None:
    tools = {name for line in TOOLS.strip().splitlines() for name in line.partition(": ")[0].split()}
    assert len(tools) >= 60


@given(st.text(max_size=300) | st.lists(st.sampled_from([*TEXTS, "\n", " ", "'", '"', "; "]), max_size=6).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_text_is_masked_once_and_for_all(text: str) -> None:
    once = mask_text(text, [Secret("Kd82lsPq")])
    again = mask_text(once.text, [Secret("Kd82lsPq")])
    assert (again.text, again.counts) == (once.text, {})


def example_of(way: str) -> str:
    """Return a line as a way of devices describes it, with a secret at its end."""
    words = []
    for piece in way.split():
        if piece not in {"^", "..."} and not piece.startswith("?"):
            word = piece.split("|")[0]
            words += ["10.0.0.1" if word == "*" else word.replace("#", "1").replace("*", "").replace("_", " ")]
    return f"{' '.join(words)} Kd82lsPq"


@pytest.mark.parametrize("way", WAYS.strip().splitlines())
def test_every_way_of_devices_leads_to_its_secret(way: str) -> None:
    masked, count = mask(example_of(way))
    assert "Kd82lsPq" not in masked
    assert count >= 1


LOOKS = {
    "a1b2c3d4e5f60718": (True, False), "Zq8Lw2Xr5Tn1Vb7Y": (True, True),
    "550e8400-e29b-41d4-a716-446655440000": (False, True),
    "customer2024": (False, False), "Sommer24!": (False, True), "n0Rth_Wind": (False, True), "sha256": (False, False),
    "2.0.1-rc1": (False, False), "no=Yes1": (False, False), "success": (False, False),
}  # fmt: skip
"""Word -> whether it looks drawn by a machine, and whether it can hardly be a word of a sentence."""


@pytest.mark.parametrize(("word", "looks"), LOOKS.items(), ids=LOOKS)
def test_a_made_up_word_is_told_from_a_name_and_a_version(word: str, looks: tuple[bool, bool]) -> None:
    assert (looks_random(word), looks_strong(word)) == looks


@pytest.mark.parametrize("command", ["journalctl -u sshd -p err", "sudo -u app mkdir -p releases", "ps -u ana -p 4711",
                                     "tool -u ana -p 8080", "read -u 3 -p Name"])  # fmt: skip
def test_an_option_of_other_meaning_behind_a_user_is_no_password(command: str) -> None:
    assert mask(command) == (command, 0)


ABOUT_ACCOUNTS = {
    "sudo asks for the password of ops@web-01, and none is kept.": True,
    "web-01 did not run it: the password of ops@192.0.2.7:22 is wrong.": True,
    "The password of ops@web-01 is blue7green.": False,
    "log in with a password of p@ssw0rd": False,
    "the password of hunter2x": False,
}
"""Sentence -> whether it only says whose password it is."""


@pytest.mark.parametrize(("sentence", "harmless"), ABOUT_ACCOUNTS.items(), ids=ABOUT_ACCOUNTS)
def test_the_account_that_a_password_is_of_is_no_password(sentence: str, harmless: bool) -> None:
    masked, count = mask(sentence)
    assert (count == 0) is harmless, masked
    assert ("ops@" in masked) is ("ops@" in sentence)


HOSTILE = (
    "a_", "mysql -p'", 'mysql "', "snmpwalk -c", "curl -u ", "password ", 'password="', "password='", "--pass", "://",
    "x://", "eyJ", "-----BEGIN PRIVATE KEY-----", "key: ", "name=password\n", "cookie: a=b; ", "authorization: digest ",
    "4111 ", "DE89 3704 0044 ",
    "echo x |", "\\", '"', "'", "(", "$(", "<password>", "a:22:b:c:dddd\n", "password: |\n ", "_a_a",
    "id/pw ", "-u a -p ", "a.py a/b:c ", "htpasswd -b ", "curl -sku ", "a:b@c ", "radius-server host a ", "user x >",
    "1.2.3.4 (a/", "pw for a ", "a_b_key ", "user identified ",
    "secret is ", "snmp-server user a ", "[masked:password] ", 'send "', "mysql \\\n", "set password ", "x=y&",
)  # fmt: skip


@pytest.mark.speed
@pytest.mark.parametrize("piece", HOSTILE)
def test_twice_the_text_takes_twice_the_time(piece: str) -> None:
    def cost(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.process_time()
        mask(text)
        return time.process_time() - started

    cost(1_000)
    assert cost(200_000) < 3.5 * cost(100_000) + 0.05
