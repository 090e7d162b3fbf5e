"""The journal: what was exchanged, in order, up to a limit."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from pytest_aep_export.emulator.journal import Journal
from pytest_aep_export.exchange import Exchange, Headers, Request, Response


def _exchange(number: int, operation: str = "") -> Exchange:
    return Exchange(Request("GET", f"/{number}"), Response(200), operation, number)


@given(st.integers(1, 5), st.integers(0, 12))
def test_the_newest_exchanges_are_kept_in_order(capacity, count):
    """As many as fit are kept, oldest first; the rest is counted."""
    journal = Journal(capacity)
    for number in range(count):
        journal.record(_exchange(number))
    assert [exchange.at for exchange in journal] == list(range(count))[-capacity:]
    assert len(journal) == min(capacity, count)
    assert journal.dropped == max(0, count - capacity)


@given(st.integers(1, 5), st.integers(0, 12), st.integers(0, 12))
def test_what_came_since_is_told_from_what_was_there(capacity, before, after):
    """What was recorded since some moment is found however much made room meanwhile, and after clearing as well."""
    journal = Journal(capacity)
    for number in range(before):
        journal.record(_exchange(number))
    seen = journal.recorded
    for number in range(before, before + after):
        journal.record(_exchange(number))
    assert [exchange.at for exchange in journal.since(seen)] == list(range(before, before + after))[-capacity:]
    journal.clear()
    assert (journal.since(seen), journal.recorded) == ((), before + after)


def _weighing(number: int, size: int) -> Exchange:
    return Exchange(Request("POST", "/", body=bytes(size - 1)), Response(200), "", number)


@given(st.lists(st.integers(1, 30), max_size=12), st.integers(1, 40))
def test_the_newest_exchanges_that_fit_are_kept(sizes, volume):
    """Older ones make room for bytes as well; the newest is kept even if it alone is too large."""
    journal = Journal(volume=volume)
    for number, size in enumerate(sizes):
        journal.record(_weighing(number, size))
    fitting = next((n for n in range(len(sizes)) if sum(sizes[n:]) <= volume), max(0, len(sizes) - 1))
    assert [exchange.at for exchange in journal] == list(range(fitting, len(sizes)))
    assert journal.dropped == fitting


def test_every_part_of_an_exchange_has_its_weight():
    """URLs and headers count like bodies do."""
    head = Headers([("a", "b" * 9)])
    for exchange in (
        Exchange(Request("GET", "/" * 10), Response(200)),
        Exchange(Request("GET", "", head), Response(200)),
        Exchange(Request("GET", "", body=bytes(10)), Response(200)),
        Exchange(Request("GET", ""), Response(200, head)),
        Exchange(Request("GET", ""), Response(200, body=bytes(10))),
    ):
        journal = Journal(volume=19)
        journal.record(exchange)
        journal.record(exchange)
        assert (len(journal), journal.dropped) == (1, 1), exchange


def test_a_cleared_journal_has_room_again():
    """What was forgotten weighs nothing."""
    journal = Journal(volume=20)
    journal.record(_weighing(1, 20))
    journal.clear()
    journal.record(_weighing(2, 10))
    journal.record(_weighing(3, 10))
    assert [exchange.at for exchange in journal] == [2, 3]


def test_exchanges_are_found_by_operation():
    """One operation's exchanges, and those of no operation, are listed apart."""
    journal = Journal()
    for number, operation in enumerate(["a", "", "b", "a"]):
        journal.record(_exchange(number, operation))
    assert [exchange.at for exchange in journal.of("a")] == [0, 3]
    assert [exchange.at for exchange in journal.unknown] == [1]


def test_a_cleared_journal_starts_again():
    """Nothing is left, not even the count of what was dropped."""
    journal = Journal(1)
    journal.record(_exchange(1))
    journal.record(_exchange(2))
    journal.clear()
    assert (journal.exchanges, len(journal), journal.dropped) == ((), 0, 0)


def test_what_was_read_does_not_change():
    """The exchanges that were read stay the same while more are recorded."""
    journal = Journal()
    journal.record(_exchange(1))
    seen = journal.exchanges
    journal.record(_exchange(2))
    assert [exchange.at for exchange in seen] == [1]


def test_several_threads_can_record():
    """No exchange is lost when threads record at once, and the count of dropped ones is exact."""
    journal = Journal(1_000)
    threads = [threading.Thread(target=lambda: [journal.record(_exchange(0)) for _ in range(400)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(journal), journal.dropped) == (1_000, 600)


def test_an_exchange_is_amended_in_its_place():
    """Another exchange takes the place of one, with its own weight; of one that has made room nothing comes back."""
    journal = Journal(volume=30)
    first, second, third = (_weighing(number, 10) for number in range(3))
    for exchange in (first, second, third):
        journal.record(exchange)
    lighter = _weighing(9, 1)
    journal.amend(second, lighter)
    assert journal.exchanges == (first, lighter, third)
    journal.record(_weighing(3, 9))
    assert journal.dropped == 0
    journal.record(_weighing(4, 1))
    assert journal.dropped == 1
    journal.amend(first, second)
    assert [exchange.at for exchange in journal] == [9, 2, 3, 4]
