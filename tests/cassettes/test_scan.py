"""The second look at a finished recording: it finds secrets wherever they stand, and nothing in what is none."""

from __future__ import annotations

import io
import json
import random
import string
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from pytest_aep_export.cassettes import LeakError, Metadata
from pytest_aep_export.cassettes.hygiene import PLACEHOLDER, Cleaner
from pytest_aep_export.cassettes.layout import compose
from pytest_aep_export.cassettes.leaks import leaks_of_file, refuse_leaks
from pytest_aep_export.cassettes.places import places
from pytest_aep_export.cassettes.recording import Interaction, settled
from pytest_aep_export.cassettes.scan import scan, suspicions
from pytest_aep_export.contract import DIALECTS
from pytest_aep_export.exchange import Headers, Request, Response
from pytest_aep_export.model import Credentials
from tests.emulator.journeys import JOURNEYS, script, sound

METADATA = Metadata("emulator", "2026-11-24", "pytest-aep-export 1.0", "1.0.0")
WHO = Credentials("a1b2c3d4e5f6", "s3cr3t-0f-m1ne", "1BD6382559DF0C130A49422D@AdobeOrg")
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
FAKE = "eyJhbGciOiJub25lIn0.eyJyZWRhY3RlZCI6MX0."

FOUND = {
    "a token": [JWT, f"Bearer {JWT}", "Bearer 0paque-t0ken-of-5ome-length", "Basic YTpiYTpiYTpiYTpiYTpi"],
    "a client secret": ["p8e-Zx81kQ0wLs5-Vv2_Tt7Ab"],
    "a private key": ["-----BEGIN EC PRIVATE KEY-----"],
    "a token of Slack's": ["xoxb-" + "123456789012-abc"],
    "a token of GitHub's": ["ghp_" + "abcdefghijabcdefghij"],
    "a key of a cloud's": ["AKIA" + "ABCDEFGH12345678"],
    "a password in a URL": ["https://me:pass@host.example/"],
    "an organisation or account": [
        WHO.org_id,
        WHO.org_id.lower(),
        "C0FFEE00C0FFEE00C0FFEE01@AdobeID",
        "C0FFEE00C0FFEE00C0FFEE01@techacct.adobe.com",
        "C0FFEE00C0FFEE00C0FFEE01@9F8E7D6C5B4A39281706F5E4.e",
    ],
    "an e-mail address": ["jane.doe+x@corp-mail.co.uk", "<JANE@CORP.ORG>"],
    "a random text": ["Zq8vT3mKp0Lx7RwNd4Yb2HsJ", "k9Xw-2PzQ_7mVt4Lr8Nc3Jd"],
}
CASES = [(what, text) for what, texts in FOUND.items() for text in texts]

HARMLESS = [
    "",
    FAKE,
    f"Bearer {FAKE}",
    "Bearer REDACTED-12",
    "p8e-REDACTED-3",
    "000000000000000000000004@AdobeOrg",
    "000000000000000000000004@techacct.adobe.com",
    "jane@example.com, joe@shop.example, a@b.invalid, c@d.test",
    "0bf16e61-90e9-4204-b8fa-ad250360957b",
    "01HWRQ6W68GD0HJC2P38EV90AF-DE1",
    "attempt-4WMGRBTMKVAQX5AM7QQND1R02F_part-00000-36af56dd-f448-4885-8f28-05ff7f058ea9-c000.snappy.parquet",
    "9bbf5ce692f820674262c447",
    "https://ns.adobe.com/xdm/context/profile__union",
    "exportedProfileByNamespaceCounter2, aCPDatasetWriteTime, Profile-Data-Export-2026-11-24",
    "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext",
    "basic authentication is not understood, only bearer tokens are",
    "38914722051180263314598107233065512748",
]

WRAPS = {
    "text": lambda text: text.encode(),
    "json": lambda text: json.dumps({"a": [0, {"b": text}]}).encode(),
    "name": lambda text: json.dumps({"a": {text: 1}}).encode(),
    "quoted": lambda text: json.dumps({"a": json.dumps({"b": json.dumps([text])})}).encode(),
    "cut off": lambda text: json.dumps({"a": [{"b": text}]}).encode()[:-1],
    "form": lambda text: f"a=b&c={quote(text, safe='')}".encode(),
    "percents": lambda text: quote(quote(text, safe=""), safe="").encode(),
    "base64": lambda text: b64encode(f"this: {text}".encode()),
    "url-safe": lambda text: urlsafe_b64encode(f"???: {text}".encode()).rstrip(b"="),
}


def _file(request: Request, response: Response) -> str:
    return compose(METADATA, [settled(Interaction(request, response))])[0]


def _answered(body: bytes) -> str:
    return _file(Request("GET", "https://platform.adobe.io/x"), Response(200, Headers(), body))


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize(("what", "text"), CASES)
def test_each_kind_of_secret_is_found_in_each_place(what, text, wrap):
    """In an answer, a request's body and its URL: it is told what it is, and where, but not the secret."""
    body = WRAPS[wrap](text)
    texts = {
        "response of interaction 1": _answered(body),
        "request of interaction 1": _file(Request("POST", "/x", body=body), Response(200)),
    }
    if wrap == "percents":
        texts |= {"request of interaction 1 ": _file(Request("GET", f"/x?a={body.decode()}"), Response(200))}
    for place, file in texts.items():
        found = list(scan(file))
        assert what in {leak.what for leak in found}
        assert {leak.place.what for leak in found} == {place.strip()}
        assert text not in str([(leak.what, str(leak.place)) for leak in found])


@pytest.mark.parametrize("wrap", [wrap for wrap in WRAPS if wrap != "name"])
@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_is_not_found(text, wrap):
    """Stand-ins, addresses of nobody, ids of the API's forms, and words."""
    assert list(scan(_answered(WRAPS[wrap](text)))) == []


@pytest.mark.parametrize("name", ["access_token", "clientSecret", "x-api-key", "Authorization", "password", "api_key"])
def test_the_name_of_a_secret_is_enough(name):
    """In JSON, in JSON within JSON, in a form, in a query and in a header; a stand-in may have that name."""
    files = [
        _answered(json.dumps({"a": {name: "plain"}}).encode()),
        _answered(json.dumps({"a": json.dumps({name: "plain"})}).encode()),
        _answered(json.dumps({name: ["plain"]}).encode()),
        _answered(f"x=1&{name}=plain".encode()),
        _file(Request("GET", f"/x?a=1&{name}=plain"), Response(200)),
        _file(Request("GET", "/x"), Response(200, Headers({name: "plain"}))),
    ]
    for file in files:
        assert {leak.what.lower() for leak in scan(file)} == {f"a value of {name.lower()}"}
        for stand_in in ("REDACTED", "REDACTED-4", FAKE):
            assert list(scan(file.replace("plain", stand_in))) == []


def test_a_place_is_a_line_and_a_pointer():
    """The line is where the text stands in the file, and the pointer leads to it in the body."""
    document = {"a/b": [[1, "x"], {"c~d": ["y", {"e": json.dumps({"f": [JWT]})}]}]}
    file = _answered(json.dumps(document).encode())
    (leak,) = scan(file)
    assert JWT in file.splitlines()[leak.place.line - 1]
    assert leak.place.pointer == "/a~1b/1/c~0d/1/e/f/0"
    assert str(leak.place) == f"line {leak.place.line}, response of interaction 1 /a~1b/1/c~0d/1/e/f/0"


JSON = st.recursive(
    st.integers() | st.text('abc"/~\\é{}[],: ', max_size=6) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab/~" ', max_size=3), inner, max_size=3),
    max_leaves=12,
)


def _strings(pointer: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        parts = {key: f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}" for key in value}
        return [pair for key, item in value.items() for pair in _strings(parts[key], item)]
    if isinstance(value, list):
        return [pair for number, item in enumerate(value) for pair in _strings(f"{pointer}/{number}", item)]
    return [(pointer, value)] if isinstance(value, str) else []


@given(st.dictionaries(st.text("ab/~", max_size=3), JSON, min_size=1, max_size=3))
def test_every_text_of_a_document_has_its_pointer(document):
    """Followed line by line, a document has the same texts at the same places as it has when it is read."""
    file = _answered(json.dumps(document).encode())
    pairs = [(place.pointer, value) for place, _, value in places(file) if place.pointer]
    for pair in _strings("", document):
        assert pair in pairs


@given(st.text(string.ascii_letters + string.digits, min_size=32, max_size=64), st.integers(0, 2**32))
def test_no_text_makes_it_fail(text, seed):
    """Whatever is in a file, even no cassette at all, it is looked through."""
    noise = list(f'{text}\n- request:\n    json: |-\n      {{\n        "a": [\n %41{text}==')
    random.Random(seed).shuffle(noise)
    list(scan("".join(noise)))


def test_almost_every_random_text_is_found():
    """Of keys that are drawn by lot, 32 letters and digits each, not one in twenty looks like a word."""
    drawn = random.Random(6)
    keys = ["".join(drawn.choices(string.ascii_letters + string.digits, k=32)) for _ in range(500)]
    assert sum(not list(suspicions("note", key)) for key in keys) < 25
    assert not any(list(suspicions("requestId", key)) for key in keys)


def test_what_is_wrapped_too_often_is_suspect():
    """Nobody encodes a text nine times over for a good reason."""
    text = "a b"
    for _ in range(9):
        text = quote(text, safe="")
    assert [what for what, _ in suspicions("", text)] == ["something that is wrapped too often"]


AREAS = sorted(area for area in JOURNEYS if area not in {"JOB", "LIST", "WATCH", "CANCEL"})  # the same as CREATE


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("spoken", DIALECTS)
def test_nothing_that_the_emulator_says_raises_an_alarm(area, spoken):
    """On every journey in every dialect; no address in it is replaced, and cleaning twice is cleaning once."""
    clean = Cleaner(WHO, "http://emulator")
    pairs = zip(script(JOURNEYS[area], spoken), sound(area, spoken), strict=True)
    once = clean.finish(clean.interaction(Interaction(*pair)) for pair in pairs)
    assert clean.finish(once) == once
    text, files = compose(METADATA, [settled(interaction) for interaction in once])
    refuse_leaks(WHO, "emulator")(text, files)
    assert "redacted-1@" not in text


# -- What is refused ----------------------------------------------------------------------------------------------


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


def _table(text: object) -> pa.Table:
    return pa.table(
        {
            "plain": [None, "x@example.com"],
            "deep": [[{"m": [("key", {"inner": text})]}], None],
        },
        schema=pa.schema(
            {
                "plain": pa.string(),
                "deep": pa.list_(
                    pa.struct(
                        {"m": pa.map_(pa.string(), pa.struct({"inner": pa.binary() if text is bytes else pa.string()}))}
                    )
                ),
            }
        ),
    )


def test_files_are_looked_into():
    """A column of texts, however deep, may hold addresses of nobody only."""
    assert list(leaks_of_file("a.parquet", _parquet(_table("y@example.org")))) == []
    (leak,) = leaks_of_file("a.parquet", _parquet(_table("jane@corp.org")))
    assert (leak.what, str(leak.place)) == ("an e-mail address", "the file a.parquet, column deep.m.inner")


@pytest.mark.parametrize(
    "column",
    [pa.array([b"jane@corp.org"]), pa.array(["jane@corp.org"]).dictionary_encode(), pa.array([["jane@corp.org"]])],
    ids=["binary", "dictionary", "list"],
)
def test_every_type_of_column_is_looked_into(column):
    """Bytes, dictionaries and lists hold texts, too; numbers hold none."""
    table = pa.table({"a": column, "n": pa.array([1])})
    assert [leak.what for leak in leaks_of_file("a.parquet", _parquet(table))] == ["an e-mail address"]


def test_a_file_that_is_no_parquet_is_looked_through_as_it_is():
    """Ids in it may look random; what has a form is found."""
    (leak,) = leaks_of_file("a.bin", b"PAR1\xff jane@corp.org Zq8vT3mKp0Lx7RwNd4Yb2HsJ \x00")
    assert str(leak.place) == "the file a.bin"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"x {WHO.client_secret} y", "the client secret"),
        (f"x{WHO.client_id.upper()}", "the client id"),
        (WHO.org_id[:24].lower(), "the organisation"),
        (JWT, "a token"),
    ],
)
def test_what_still_holds_something_is_refused(text, what):
    """What is known of the tenant is looked for by its value; the refusal names it and the place, and says no more."""
    with pytest.raises(LeakError) as caught:
        refuse_leaks(WHO)(_answered(json.dumps({"a": [text]}).encode()), {})
    assert str(caught.value).startswith(
        f"the recording was not written: it still holds {what} (line 16, response of interaction 1 /a/0)"
    )
    assert text not in str(caught.value)


def test_a_file_with_a_leak_is_refused():
    """The text is clean, a file beside is not."""
    with pytest.raises(LeakError, match=r"an e-mail address \(the file a\.parquet, column deep\.m\.inner\); please"):
        refuse_leaks(WHO)(_answered(b"x"), {"a.parquet": _parquet(_table("jane@corp.org"))})


def test_files_from_the_live_service_are_refused_unless_allowed():
    """Names of persons cannot be told from other words, so nobody keeps them by accident; addresses never."""
    good, bad = {"a.parquet": _parquet(_table("y@example.org"))}, {"a.parquet": _parquet(_table("jane@corp.org"))}
    with pytest.raises(LeakError, match="--aep-record-personal-data=yes"):
        refuse_leaks(WHO, "live")(_answered(b"x"), good)
    refuse_leaks(WHO, "live")(_answered(b"x"), {})
    refuse_leaks(WHO, "live", personal_data=True)(_answered(b"x"), good)
    with pytest.raises(LeakError, match="an e-mail address"):
        refuse_leaks(WHO, "live", personal_data=True)(_answered(b"x"), bad)


def test_placeholders_and_tiny_secrets_are_no_leak():
    """What everybody's recording says is nobody's, and three characters are found in everything."""
    file = _answered(b"REDACTED abc")
    refuse_leaks(PLACEHOLDER)(file, {})
    refuse_leaks(Credentials("abc", "a", "x@AdobeOrg"))(file, {})
