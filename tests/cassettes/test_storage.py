"""Recordings on a disk: exactly what was recorded, in a form that a reviewer and any YAML reader understand."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.cassettes import Interaction, Metadata, Recording, read, save, storage
from pytest_aep_export.cassettes.layout import compose, file_name, parse
from pytest_aep_export.cassettes.recording import measured, settled
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Headers, Request, Response

NAME = "export/test"
METADATA = Metadata("emulator", "2026-11-24", "pytest-aep-export 1.0", "1.0.0")
URL = "https://platform.adobe.io/data/core/ups/export/jobs"
PARQUET = b"PAR1\x00\xff\xfePAR1"

TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        "- request:",
        "a: b",
        "x #y",
        "yes",
        "null",
        "|-",
        "*a",
        "&a",
        "1.0",
        " lead",
        "tail ",
        "a\n\nb",
        "a\r\nb",
        "\x85",
        "'",
        '"',
    ]
)
BODIES = st.one_of(
    st.just(b""),
    st.binary(max_size=20),
    TEXTS.map(lambda text: text.encode("utf-8", "replace")),
    st.lists(TEXTS, max_size=4).map(lambda lines: "\n".join(lines).encode("utf-8", "replace")),
    st.sampled_from([b'{"b":1,"a":[2.50]}', b'{"a":1,"a":2}', b"[1E400]", b"a=1&b=%20", b"[]", PARQUET]),
)
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
HEADERS = st.dictionaries(st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True), VALUES, max_size=3).map(Headers)
REQUESTS = st.builds(
    Request,
    st.sampled_from(["GET", "POST", "PATCH"]),
    st.from_regex(r"https://a\.io/[!-~]{0,20}", fullmatch=True) | VALUES.map(lambda text: f"https://a.io/{text}"),
    HEADERS,
    BODIES,
)
RESPONSES = st.builds(Response, st.integers(100, 599), HEADERS, BODIES)
INTERACTIONS = st.lists(st.builds(Interaction, REQUESTS, RESPONSES), min_size=1, max_size=3)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
EVIDENCE = st.builds(
    Metadata,
    st.sampled_from(["emulator", "documented", "live", "server"]),
    WORDS,
    WORDS,
    WORDS,
    st.just("") | WORDS,
    st.just("") | WORDS,
    st.lists(st.from_regex(r"EXP-[A-Z]{3}-\d{3}", fullmatch=True), max_size=3).map(tuple),
)


def job(number: int, body: bytes = b'{"status":"NEW"}') -> Interaction:
    """A look at a job."""
    return Interaction(
        Request("GET", f"{URL}/{number}"), Response(200, Headers({"content-type": "application/json"}), body)
    )


def recording(*interactions: Interaction) -> Recording:
    """A recording of these."""
    return Recording(NAME, METADATA, interactions or (job(1),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a recording of that name lies."""
    return tmp_path / f"{NAME}.yaml"


@given(EVIDENCE, INTERACTIONS)
def test_what_is_written_is_what_is_read(metadata, interactions):
    """Any headers, texts and bytes come back exactly as they were settled."""
    kept = [settled(interaction) for interaction in interactions]
    text, files = compose(metadata, kept)
    evidence, found = parse(text, files.__getitem__)
    assert list(found) == kept
    assert replace(evidence, digest="") == metadata
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "text",
    [" lead", "  a\nb", "a\n\nb", "a\n", "\na", "a\r\nb", "a\tb", "- request:", "a: b # c", "\u2028", "\x85", "---"],
)
def test_a_text_of_any_layout_is_read_as_it_was(text):
    """Blanks and line ends at its edges, empty lines and what YAML would take for its own: PyYAML reads it as we do."""
    kept = settled(Interaction(Request("GET", URL), Response(200, Headers(), text.encode())))
    content, files = compose(METADATA, [kept])
    assert parse(content, files.__getitem__)[1] == (kept,)
    assert yaml.safe_load(content)["interactions"][0]["response"]["text"] == text


@given(INTERACTIONS)
def test_any_yaml_reader_reads_the_same(interactions):
    """PyYAML, which this package does not use here, finds the same requests, headers and bodies in a file."""
    kept = [settled(interaction) for interaction in interactions]
    text, _ = compose(METADATA, kept)
    document = yaml.safe_load(text)
    assert (document["version"], document["metadata"]["date"]) == (2, "2026-11-24")
    assert len(document["interactions"]) == len(kept)
    for shown, interaction in zip(document["interactions"], kept, strict=True):
        assert whole(shown["request"][interaction.request.method]) == interaction.request.url
        assert shown["response"]["status"] == interaction.response.status
        _same_message(shown["request"], interaction.request)
        _same_message(shown["response"], interaction.response)


def whole(text: str) -> str:
    """A text in which PyYAML made two characters of an escaped one beyond the first plane, as YAML 1.1 has it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16")


def _same_message(shown: dict, message: Request | Response) -> None:
    assert {name: whole(value) for name, value in shown.get("headers", {}).items()} == dict(message.headers.raw)
    if "form" in shown:
        assert shown["form"].replace("\n", "").encode() == message.body
    elif "file" in shown:
        assert shown["file"] == file_name(message.body)
    else:
        assert whole(shown.get("json", shown.get("text", ""))).encode() == message.body


@given(INTERACTIONS)
def test_settling_twice_changes_nothing(interactions):
    """What is kept is played and may be kept again: there is one form."""
    once = [settled(interaction) for interaction in interactions]
    assert [settled(interaction) for interaction in once] == once


def test_a_file_can_be_reviewed(path):
    """The whole text, as a reviewer sees it: one line for what is short, decoded, pretty, sorted."""
    token = Interaction(
        Request("POST", "https://platform.adobe.io/ims/token/v3", body=b"grant_type=client_credentials&scope=a%2Cb"),
        Response(400, Headers({"X-B": "yes", "Content-Type": "text/plain", "content-length": "9"}), b"line\nline"),
    )
    part = Interaction(
        Request("GET", f"{URL}?a: b", Headers({"Range": "bytes=0-8"})), Response(206, Headers(), PARQUET)
    )
    saved = save(
        Recording(NAME, replace(METADATA, dialect="openapi", requirements=("EXP-A-001",)), (token, part)), path
    )
    assert path.read_text() == (
        f"version: 2\ndigest: {saved.metadata.digest}\n"
        "metadata:\n"
        "  source: emulator\n"
        '  date: "2026-11-24"\n'
        "  tool: pytest-aep-export 1.0\n"
        '  contract: "1.0.0"\n'
        "  dialect: openapi\n"
        "  requirements: [EXP-A-001]\n"
        "interactions:\n"
        "- request:\n"
        "    POST: https://platform.adobe.io/ims/token/v3\n"
        "    form: |-\n"
        "      grant_type=client_credentials\n"
        "      &scope=a%2Cb\n"
        "  response:\n"
        "    status: 400\n"
        "    headers:\n"
        "      content-type: text/plain\n"
        '      x-b: "yes"\n'
        "    text: |-\n"
        "      line\n"
        "      line\n"
        "- request:\n"
        f'    GET: "{URL}?a: b"\n'
        "    headers:\n"
        "      range: bytes=0-8\n"
        "  response:\n"
        "    status: 206\n"
        f"    file: {hashlib.sha256(PARQUET).hexdigest()[:32]}.parquet\n"
    )
    assert read(NAME, path) == saved


@pytest.mark.parametrize(
    ("status", "headers", "body", "length"),
    [
        (200, {"Content-Length": "16"}, b'{"status":"NEW"}', "21"),
        (200, {"content-length": "931"}, b"", "931"),
        (200, {"content-length": "0"}, b"", "0"),
        (201, {}, b"", "0"),
        (204, {}, b"", None),
        (304, {}, b"", None),
        (200, {"accept-ranges": "bytes"}, b'{"a":1}', "7"),
        (206, {"content-range": "bytes 0-6/7"}, b'{"a":1}', "7"),
    ],
)
def test_an_answer_says_how_long_it_is(status, headers, body, length):
    """As long as its body is when it is played; an answer to HEAD keeps what it said, and a file its bytes."""
    kept = settled(Interaction(Request("GET", URL), Response(status, Headers(headers), body))).response
    assert dict(measured(kept)).get("content-length") == length
    assert length is None or not kept.body or len(kept.body) == int(length)


def test_a_header_that_is_sent_twice_is_kept_as_one():
    """Its values are joined, as HTTP allows."""
    answer = Response(200, Headers([("A", "1"), ("a", "2")]))
    assert settled(Interaction(Request("GET", URL), answer)).response.headers.raw == (("a", "1, 2"),)


def test_binary_bodies_lie_beside_once_and_are_tidied_up(path):
    """Equal ones share a file; those of an earlier recording go, with their folder if it is empty, and others stay."""
    save(recording(job(1, PARQUET), job(2, PARQUET), job(3, b"\xff")), path)
    folder = path.with_suffix("")
    assert sorted(file.suffix for file in folder.iterdir()) == [".bin", ".parquet"]
    (folder / "mine.txt").write_text("not yours")
    save(recording(job(1)), path)
    assert [file.name for file in folder.iterdir()] == ["mine.txt"]
    (folder / "mine.txt").unlink()
    save(recording(job(1)), path)
    assert not folder.exists()


def test_a_recording_of_nothing_is_not_written(path):
    """There is nothing to replay in it."""
    with pytest.raises(ConfigurationError, match="cassette export/test was not written: it would hold nothing"):
        save(Recording(NAME, METADATA, ()), path)
    assert not path.parent.exists()


def test_what_the_check_refuses_is_not_written(path):
    """The finished text and the files beside are looked at before anything is written."""
    seen = []

    def refuse(text: str, files: Mapping[str, bytes]) -> None:
        seen.extend([text, *files.values()])
        raise LookupError

    with pytest.raises(LookupError):
        save(recording(job(1, PARQUET)), path, refuse)
    assert "interactions:" in seen[0]
    assert seen[1:] == [PARQUET]
    assert not path.parent.exists()


@pytest.mark.parametrize("last", [0, 1, 2])
def test_an_interrupted_save_leaves_the_earlier_recording(path, monkeypatch: pytest.MonkeyPatch, last):
    """Whichever file it is interrupted at, the earlier recording is read as it was and no draft is left."""
    before = save(recording(job(1, PARQUET)), path)
    real, calls = Path.replace, []

    def interrupted(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) > last:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(recording(job(2, b"\xfe"), job(3, b"\xff")), path)
    monkeypatch.undo()
    assert read(NAME, path) == before
    assert not list(path.parent.rglob(".*"))


def test_a_place_that_cannot_be_written_to_is_one_clear_sentence(tmp_path):
    """A file where a folder should be, found out before or when it is written."""
    (tmp_path / "export").write_text("a file")
    path = tmp_path / f"{NAME}.yaml"
    with pytest.raises(ConfigurationError, match=r"cassette export/test was not written: .*; nothing was changed"):
        save(recording(), path)
    with pytest.raises(ConfigurationError, match=r"export is not a folder that can be written to; nothing was changed"):
        storage.check_writable(NAME, path)


def test_a_read_only_folder_is_one_clear_sentence(path, monkeypatch: pytest.MonkeyPatch):
    """It is found out before anything is recorded, although the folder of the cassette is yet to be made."""
    storage.check_writable(NAME, path)
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    with pytest.raises(
        ConfigurationError, match=rf"was not written: .*: {path.parent.parent} is not a folder that can"
    ):
        storage.check_writable(NAME, path)


def test_a_line_that_ends_the_windows_way_is_no_change(path):
    """A checkout may turn line ends around; what a cassette says stays the same."""
    saved = save(recording(), path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(NAME, path) == saved


def _cut(text: str) -> str:
    return text[: len(text) // 2]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda _: "", "is empty"),
        (lambda _: " \n", "is empty"),
        (lambda _: "interactions:\n- request:\n", "has the form of vcrpy or of an earlier version of this package"),
        (lambda _: "version: 1\ninteractions: []\n", "has the form of vcrpy or of an earlier version"),
        (lambda _: "- request:\n    uri: x\n", "has the form of vcrpy or of an earlier version"),
        (lambda _: "[1, 2]", "is no cassette"),
        (lambda _: "version: 2\nmetadata:\n", "has no digest"),
        (_cut, "does not add up to its digest: it was cut off or edited by hand"),
        (lambda text: text.replace("NEW", "FAILED"), "does not add up to its digest: it was cut off or edited by hand"),
        (lambda text: text.replace("2026", "2027"), "does not add up to its digest: it was cut off or edited by hand"),
        (lambda text: text + "\n", "does not add up to its digest: it was cut off or edited by hand"),
        (lambda text: f"<<<<<<< HEAD\n{text}", "is no cassette"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_sentence(path, change, complaint):
    """Which cassette, which file, what is wrong with it, and what to do."""
    save(recording(), path)
    path.write_text(change(path.read_text()))
    with pytest.raises(ConfigurationError) as caught:
        read(NAME, path)
    sentence = f"cassette export/test cannot be used: {path} {complaint}"
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith("; restore it, or record it again")


def _forged(content: str) -> str:
    return f"version: 2\ndigest: sha256:{hashlib.sha256(content.encode()).hexdigest()}\n{content}"


GOOD = (
    "metadata:\n  source: live\n  date: d\n  tool: t\n  contract: c\n"
    "interactions:\n- request:\n    GET: u\n  response:\n    "
)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("interactions:\n- request:\n", "has no metadata or no interactions"),
        (GOOD.replace("live", "hearsay") + "status: 200\n", "is of the unknown source 'hearsay'"),
        (GOOD.replace("  tool: t\n", "") + "status: 200\n", "has other metadata than it needs"),
        (GOOD.replace("tool:", "tools:") + "status: 200\n", "has other metadata than it needs"),
        (GOOD + "status: fine\n", "cannot be read at interaction 1"),
        (GOOD + "status: 200\n    body: x\n", "cannot be read at interaction 1"),
        (GOOD + "status: 200\n    file: ../../secret\n", "names '../../secret', which is no file of a cassette's"),
        (GOOD + 'status: 200\n    text: "\n', "is no cassette"),
    ],
)
def test_a_forged_file_is_one_clear_sentence(path, content, complaint):
    """A digest is no seal: what adds up and still makes no sense is refused, and leads to no file elsewhere."""
    path.parent.mkdir()
    path.write_text(_forged(content))
    with pytest.raises(ConfigurationError) as caught:
        read(NAME, path)
    assert (
        str(caught.value) == f"cassette export/test cannot be used: {path} {complaint}; restore it, or record it again"
    )


def test_a_file_that_is_no_text_is_one_clear_sentence(path):
    """Bytes of some other kind are no cassette."""
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"is no cassette; restore it"):
        read(NAME, path)


def test_a_body_that_was_changed_or_lost_is_one_clear_sentence(path):
    """A file beside counts by its content, which is its name."""
    save(recording(job(1, PARQUET)), path)
    [file] = path.with_suffix("").iterdir()
    file.write_bytes(b"PAR1")
    with pytest.raises(ConfigurationError, match=f"does not hold what was written: the file {file} has changed"):
        read(NAME, path)
    file.unlink()
    with pytest.raises(ConfigurationError, match=f"cassette export/test does not exist: there is no file {file}"):
        read(NAME, path)


def test_a_huge_file_is_one_clear_sentence(path, monkeypatch: pytest.MonkeyPatch):
    """It is not read to its end."""
    save(recording(), path)
    monkeypatch.setattr(storage, "LARGEST", 1 << 20)
    with path.open("ab") as file:
        file.truncate((1 << 20) + 1)
    with pytest.raises(ConfigurationError, match="is larger than 1 MiB; record less in one cassette"):
        read(NAME, path)


def test_a_folder_is_no_cassette(path):
    """What the system says of it is passed on."""
    path.mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*: Is a directory"):
        read(NAME, path)
