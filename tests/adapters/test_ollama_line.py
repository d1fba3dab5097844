"""The way to a model server: where it is, whom a token goes to, and whose certificate is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.adapters.model_place import place_of_model
from opsterm.core.errors import BadSetting, ModelUnavailable, Refused, VaultLocked
from tests.adapters.ollama_stage import MODEL, OneToken, ask, asking, pieces, text
from tests.adapters.web_stage import Authority, says, serving
from tests.ollama.server import ollama_server

# ------------------------------------------------------------------------------- the way, and the token


@pytest.mark.parametrize(
    ("given_url", "url", "private"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434", True),
        ("localhost", "http://localhost:11434", True),
        ("gpu-01", "http://gpu-01:11434", False),
        ("gpu-01:8080/", "http://gpu-01:8080", False),
        ("[2001:db8::7]", "http://[2001:db8::7]:11434", False),
        ("https://models.example.org/ollama/", "https://models.example.org/ollama", True),
        ("unix:/run/ollama.sock", "http://localhost", True),
    ],
)
def test_where_a_server_is_can_be_written_as_its_own_tools_take_it(given_url: str, url: str, private: bool) -> None:
    place = place_of_model(given_url)
    assert (place.url, place.private) == (url, private)


@pytest.mark.parametrize(
    "given_url", ["ftp://host", "http://", "http://u:p@host", "unix:relative", "http://h:0", "http://h/v1", "a b"]
)
def test_what_is_no_place_is_said(given_url: str) -> None:
    with pytest.raises(BadSetting, match=r"model\.url"):
        place_of_model(given_url)


async def test_a_socket_and_a_proxy_that_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OLLAMA_API_KEY", "of the environment")
    monkeypatch.setenv("OLLAMA_HOST", "http://evil.test")
    path = tmp_path / "ollama.sock"
    async with ollama_server(socket=path) as fake, asking(f"unix:{path}") as server:
        assert text(await pieces(server, ask("hello"))) == "You said: hello"
        fake.library["new:1"] = [10]
        assert [step async for step in server.pull("new:1")][-1].finished
        assert not any("authorization" in headers for _, _, headers, _ in fake.asked), "no key of the environment"


async def test_a_token_goes_to_its_server_and_over_no_open_line(tmp_path: Path) -> None:
    async with ollama_server() as fake:
        fake.token = "canary-token"
        keyring = OneToken("canary-token", fake.url)
        async with asking(fake.url, keyring) as server:
            assert [row.name for row in await server.models()] == [MODEL]
            await server.models()
            service, account, at = keyring.asked[0]
            assert (service, account, at.port) == ("opsterm:model", fake.url, fake.port)
            assert len(keyring.asked) == 1, "a keyring is not asked for each request"
            fake.library["new:1"] = [1]
            assert [step async for step in server.pull("new:1")][-1].finished
        async with asking(fake.url, OneToken(None)) as server:
            with pytest.raises(ModelUnavailable, match="wants a log-in") as told:
                await server.models()
            assert "opsterm vault set opsterm:model" in told.value.next_step
        async with asking("http://gpu-01.test:11434", OneToken("canary-token", "http://gpu-01.test:11434")) as server:
            with pytest.raises(Refused, match="would go over http"):
                await server.models()
        async with asking(
            "http://gpu-01.test:11434", OneToken("x", "http://gpu-01.test:11434"), token_over_http=True
        ) as server:
            with pytest.raises(ModelUnavailable):
                await server.models()
        async with asking("https://gpu-01.test", OneToken("x", "https://gpu-01.test", locked=True)) as server:
            with pytest.raises(VaultLocked):
                await server.models()
    async with ollama_server() as fake, asking(fake.url, OneToken("x", locked=True)) as server:
        assert await server.models(), "a locked vault is not asked for what it does not have"


async def test_a_certificate_is_looked_at(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    body = b'{"version": "9"}'
    answer = says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    async with serving(answer, authority.server()) as port:
        async with asking(f"https://localhost:{port}") as server:
            with pytest.raises(ModelUnavailable, match="is not trusted"):
                await server.version()
        async with asking(f"https://localhost:{port}", ca_file=str(authority.file)) as server:
            assert await server.version() == "9"
    with pytest.raises(BadSetting, match=r"model\.ca_file"):
        async with asking("https://localhost", ca_file=str(tmp_path / "none.pem")):
            pass
    with pytest.raises(BadSetting, match=r"model\.proxy"):
        async with asking("http://localhost", proxy="nonsense"):
            pass
