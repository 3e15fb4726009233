from __future__ import annotations

from pathlib import Path

import pytest
from tests.sampling.models_for_tests import Echo

from topdraw.core import registry
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.models.address import read_address, read_key
from topdraw.models.connect import connect
from topdraw.models.endpoint import Endpoint
from topdraw.models.recorded import Recorded


def test_an_address_is_an_endpoint() -> None:
    model = connect("http://localhost:1/v1", model="m", api="completions", chunk=4)
    assert isinstance(model, Endpoint)
    assert (model.chunk, model.api) == (4, "completions")
    assert model.identity == {"kind": "endpoint", "model": "m", "api": "completions"}


def test_a_file_is_recorded_samples_with_and_without_the_word(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text('{"id": "1", "output": "x"}\n')
    assert isinstance(connect(file), Recorded)
    assert connect(str(file)).identity == connect(f"recorded:{file}").identity


def test_a_registered_word_wins_over_a_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "http").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no address"):
        connect("http", model="m")


def test_an_unknown_word_lists_what_is_known() -> None:
    with pytest.raises(UnknownNameError, match="buildin") as caught:
        connect("buildin:small")
    assert "Did you mean 'builtin'?" in str(caught.value)
    assert "recorded" in str(caught.value)


@pytest.mark.parametrize("spec", ["nonsense", "localhost:8000/v1", "httq://localhost/v1"])
@pytest.mark.parametrize("options", [{"model": "m"}, {"api": "chat"}, {"api_key_env": "KEY"}])
def test_what_is_asked_like_a_server_and_is_no_address(spec: str, options: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        connect(spec, **options)
    assert caught.value.message == (
        f"{spec!r} is no address: an endpoint starts with http:// or https://."
    )


def test_an_option_the_model_does_not_take_is_named(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text('{"id": "1", "output": "x"}\n')
    with pytest.raises(ConfigError, match="takes no option 'model'"):
        connect(file, model="gpt")
    with pytest.raises(ConfigError, match=r"'chunks'.*chunk"):
        connect("http://localhost:1/v1", model="m", chunks=3)


def test_a_model_of_ones_own_is_found_by_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._known, "model", dict(registry._known["model"]))
    seen: list[tuple[str, dict[str, object]]] = []

    @registry.model("mine")
    def mine(spec: str, **options: object) -> Echo:
        seen.append((spec, options))
        return Echo()

    connect("mine:x", size=3)
    assert seen == [("mine:x", {"size": 3})]


@pytest.mark.parametrize(
    ("spec", "base", "api"),
    [
        ("http://h:8000/v1", "http://h:8000/v1", "chat"),
        ("http://h:8000/v1/", "http://h:8000/v1", "chat"),
        ("http://h/v1/chat/completions", "http://h/v1", "chat"),
        ("https://h/v1/completions", "https://h/v1", "completions"),
        ("https://h/openai?api-version=1", "https://h/openai?api-version=1", "chat"),
        ("http://h", "http://h/", "chat"),
    ],
)
def test_addresses(spec: str, base: str, api: str) -> None:
    url, read = read_address(spec, "chat")
    assert (str(url), read) == (base, api)


@pytest.mark.parametrize("spec", ["http://", "http://h:port/v1", "ftp://h/v1", "http:///v1"])
def test_what_is_no_address(spec: str) -> None:
    with pytest.raises(ConfigError, match="address"):
        read_address(spec, "chat")


@pytest.mark.parametrize("spec", ["https://me:hunter2@h/v1?key=hunter3", "me:hunter2@h/v1"])
def test_a_password_in_an_address_is_refused_and_not_repeated(spec: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_address(spec, "chat")
    assert "hunter" not in str(caught.value)


def test_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert read_key() == (None, "the environment variable OPENAI_API_KEY")
    with pytest.raises(ConfigError, match="The environment variable MINE holds no key"):
        read_key("MINE")
    monkeypatch.setenv("MINE", " sk-1\n")
    assert read_key("MINE") == ("sk-1", "the environment variable MINE")
    monkeypatch.setenv("MINE", "sk-1\nHost: x")
    with pytest.raises(ConfigError, match="no key can have") as caught:
        read_key("MINE")
    assert "sk-1" not in str(caught.value)


@pytest.mark.parametrize("content", [b"sk-1", b"\xef\xbb\xbf  sk-1\r\n\n"])
def test_a_key_in_a_file_is_its_stripped_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    file = tmp_path / "key"
    file.write_bytes(content)
    assert read_key(file=file) == ("sk-1", f"the file {str(file)!r}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b" \n", "holds no key"),
        (b"sk-1\nsk-2\n", "no key can have"),
        (b"sk-1\xff", "no key can have"),
        (b"sk-1" * 20_000, "too long for a key"),
    ],
)
def test_a_file_without_a_key_is_named_and_not_quoted(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=words) as caught:
        connect("http://localhost:1/v1", model="m", api_key_file=file)
    assert str(file) in str(caught.value)
    assert "sk-1" not in str(caught.value)


def test_a_key_file_that_is_not_there_or_one_place_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read from the file .*No such file"):
        read_key(file=tmp_path / "key")
    with pytest.raises(ConfigError, match="cannot be read from the file"):
        read_key(file=tmp_path)
    with pytest.raises(ConfigError, match="Name one of them"):
        read_key("MINE", tmp_path / "key")


def test_an_api_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="'responses'"):
        connect("http://localhost:1/v1", model="m", api="responses")
