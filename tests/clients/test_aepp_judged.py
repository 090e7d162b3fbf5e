"""Adobe's own Python client, `aepp`, is judged as it is, and the documentation says what was found."""

from __future__ import annotations

from tests.clients.aepp_judged import PAGE, judged, shown, table


def test_the_page_says_what_is_found_of_aepp():
    """The table is what the judge finds: whoever changes that writes it anew, as the module says."""
    assert shown(PAGE.read_text("utf-8")) == table(judged())
