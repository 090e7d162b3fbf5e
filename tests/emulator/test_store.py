"""The store, against plain dictionaries and lists."""

from __future__ import annotations

import json
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.emulator import store as stores
from pytest_aep_export.emulator.store import Kind, Store
from pytest_aep_export.errors import ConfigurationError

JOB = Kind.EXPORT_JOB
DOCUMENTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(1, 3), st.sampled_from(["NEW", "FAILED"])),
    max_size=12,
    unique_by=lambda each: each[:2],
)

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["put", "update", "read", "drop", "undone"]), st.sampled_from("ab"), st.sampled_from("xyz")
    ),
    max_size=30,
)


@pytest.fixture
def store():
    """A store in memory."""
    opened = Store()
    yield opened
    opened.close()


def _filled(documents) -> Store:
    store = Store()
    for tenant, number, created, status in documents:
        store.put(tenant, JOB, str(number), {"n": number, "s": {"status": status}}, number=number, created=created)
    return store


@given(DOCUMENTS, st.none() | st.tuples(st.integers(0, 4), st.integers(0, 6)), st.integers(-1, 4), st.integers(0, 3))
def test_a_list_is_what_sorting_and_slicing_give(documents, before, limit, skip):
    """Newest first by (created, number), after a mark, filtered, sliced: as plain Python would do it."""
    store = _filled(documents)
    for where in (None, {"$.s.status": "NEW"}):
        rows = sorted((d for d in documents if d[0] == "a"), key=lambda d: (d[2], d[1]), reverse=True)
        rows = [d for d in rows if before is None or (d[2], d[1]) < before]
        rows = [d for d in rows if where is None or d[3] == "NEW"][skip:]
        texts = store.texts("a", JOB, before=before, where=where, limit=limit, skip=skip)
        assert [json.loads(text)["n"] for text in texts] == [d[1] for d in (rows if limit < 0 else rows[:limit])]
    store.close()


@given(CHANGES, st.integers(1, 4))
def test_what_is_read_is_what_was_kept_last(changes, remembered):
    """Whatever is put, updated, dropped, undone and read in between, a read gives what a dictionary would hold."""
    store, expected = Store(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "_REMEMBERED", remembered)
        for number, (change, tenant, key) in enumerate(changes):
            if change == "put":
                store.put(tenant, JOB, key, {"n": number}, number=number, created=number)
                expected[tenant, key] = {"n": number}
            elif change == "update":
                store.update(tenant, JOB, key, {"m": number})
                if (tenant, key) in expected:
                    expected[tenant, key] = expected[tenant, key] | {"m": number}
            elif change == "drop":
                store.drop(tenant)
                expected = {place: document for place, document in expected.items() if place[0] != tenant}
            elif change == "undone":
                with suppress(KeyError), store.transaction():
                    store.put(tenant, JOB, key, {"n": "undone"}, number=number, created=number)
                    assert store.get(tenant, JOB, key) == {"n": "undone"}
                    raise KeyError
            for place in [(t, k) for t in "ab" for k in "xyz"]:
                assert store.get(place[0], JOB, place[1]) == expected.get(place)
    store.close()


@given(DOCUMENTS)
def test_tenants_and_kinds_never_mix(documents):
    """What one tenant holds, another neither sees, nor loses when the first is dropped."""
    store = _filled(documents)
    theirs = store.list("b", JOB)
    assert not store.list("a", Kind.BATCH)
    store.drop("a")
    assert not store.list("a", JOB)
    assert store.list("b", JOB) == theirs
    store.close()


@given(DOCUMENTS)
def test_the_newest_document_says_how_far_time_has_come(documents):
    """The latest creation of the tenant's own documents; None when there is none."""
    store = _filled(documents)
    assert store.latest("a") == max([d[2] for d in documents if d[0] == "a"], default=None)
    store.close()


def test_a_document_is_found_by_its_exact_id(store: Store):
    """What is stored comes back; ids are compared as text."""
    store.put("t", JOB, "7", {"x": ["é", 1.5, None]}, number=7, created=1)
    assert store.get("t", JOB, "7") == {"x": ["é", 1.5, None]}
    for tenant, kind, key in [("t", JOB, "07"), ("t", JOB, "7 "), ("t", Kind.FILE, "7"), ("u", JOB, "7")]:
        assert store.get(tenant, kind, key) is None


def test_a_document_that_is_put_again_is_replaced(store: Store):
    """There is one document of an id."""
    store.put("t", JOB, "7", {"x": 1}, number=7, created=1)
    store.put("t", JOB, "7", {"x": 2}, number=7, created=1)
    assert store.list("t", JOB) == [{"x": 2}]


def test_an_update_changes_members_of_what_is_there(store: Store):
    """The other members stay; nothing is made of a document that is not there."""
    store.put("t", JOB, "7", {"x": 1, "y": 1}, number=7, created=1)
    store.update("t", JOB, "7", {"y": 2, "z": 3})
    store.update("t", JOB, "8", {"y": 2})
    assert store.list("t", JOB) == [{"x": 1, "y": 2, "z": 3}]


def test_a_transaction_is_kept_whole_or_not_at_all(store: Store):
    """An error undoes what happened inside, and an inner transaction's error only what happened in that one."""

    def put_and_fail(number: int) -> None:
        with store.transaction():
            store.put("t", JOB, str(number), {"n": number}, number=number, created=number)
            raise RuntimeError

    with store.transaction():
        store.put("t", JOB, "1", {"n": 1}, number=1, created=1)
        with pytest.raises(RuntimeError):
            put_and_fail(2)
    with pytest.raises(RuntimeError):
        put_and_fail(3)
    assert store.list("t", JOB) == [{"n": 1}]


def test_no_number_is_given_out_twice(store: Store):
    """Threads that ask at once get different numbers, counted from the first one; each kind counts by itself."""
    got: list[int] = []
    threads = [
        threading.Thread(target=lambda: got.extend(store.next_number("t", "job", first=50) for _ in range(50)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(50, 250))
    assert store.next_number("t", "batch") == 1
    assert store.next_number("u", "job", first=9) == 9


def test_numbers_stay_taken_when_a_tenant_is_dropped(store: Store):
    """A tenant that comes back never gives out an id a second time."""
    store.next_number("t", "job")
    store.drop("t")
    assert store.next_number("t", "job") == 2


def test_a_file_keeps_documents_and_numbers(tmp_path):
    """What was stored is there when the file is opened again, and numbers go on."""
    first = Store(tmp_path / "state.sqlite")
    first.put("t", JOB, "1", {"n": 1}, number=first.next_number("t", "job"), created=1)
    first.close()
    second = Store(tmp_path / "state.sqlite")
    assert second.list("t", JOB) == [{"n": 1}]
    assert second.next_number("t", "job") == 2
    second.close()


def test_a_file_that_is_no_database_is_one_clear_sentence(tmp_path):
    """The message names the file and says what to do, and the file is left as it is."""
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(ConfigurationError, match=r"state\.sqlite cannot be used .*: name another folder, or remove"):
        Store(path)
    assert path.read_bytes() == b"no database" * 100


def test_a_folder_that_is_not_there_is_one_clear_sentence(tmp_path):
    """A path that cannot be opened is refused the same way."""
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Store(tmp_path / "missing" / "state.sqlite")
