"""The last look before a recording is written: it refuses what still holds a secret. Fails closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pytest_aep_export.cassettes.fakes import PLACEHOLDER
from pytest_aep_export.cassettes.places import Place, places
from pytest_aep_export.cassettes.recording import Source
from pytest_aep_export.cassettes.scan import Leak, scan, suspicions
from pytest_aep_export.cassettes.tables import texts
from pytest_aep_export.errors import AepError
from pytest_aep_export.model import Credentials

__all__ = ["LeakError", "leaks_of_file", "refuse_leaks"]

_SHORTEST: Final = 6
"""Characters of a secret that is looked for by its value."""
_CHOSEN: Final = "a random text"
"""What says nothing about the data of a file: there, ids look random that are nobody's secret."""


class LeakError(AepError):
    """A recording still holds a secret; nothing was written."""


def refuse_leaks(
    credentials: Credentials, source: Source = "server", *, personal_data: bool = False
) -> Callable[[str, Mapping[str, bytes]], None]:
    """A check of a finished recording: of its text, and of the files beside by their names.

    Args:
        credentials: Whose secrets it must not hold, whatever they look like.
        source: Who answered.
        personal_data: Whether files of profiles may be kept though they are from Adobe's live service.

    Raises:
        LeakError: From the check: it holds something like a secret, or a file that must not be kept.
    """

    def check(text: str, files: Mapping[str, bytes]) -> None:
        if source == "live" and files and not personal_data:
            raise LeakError(
                "the recording was not written: it holds files of profiles from the live service, and so the data of "
                "persons; record from a sandbox with made-up profiles, and allow its files: in pytest by "
                "--aep-record-personal-data=yes, for a HAR by --personal-data, in Python by personal_data=True"
            )
        found = [*_own(credentials, text), *scan(text)]
        found += [leak for name, content in files.items() for leak in leaks_of_file(name, content)]
        if found:
            raise LeakError(_refusal(found))

    return check


def _refusal(found: list[Leak]) -> str:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"the recording was not written: it still holds {found[0].what} ({found[0].place}){more}; please report this"


def _own(credentials: Credentials, text: str) -> Iterator[Leak]:
    """The secrets and the organisation whose recording it is, in whichever case."""
    known = {
        "the client secret": (credentials.client_secret, PLACEHOLDER.client_secret),
        "the client id": (credentials.client_id, PLACEHOLDER.client_id),
        "the organisation": (credentials.org_id.partition("@")[0], PLACEHOLDER.org_id.partition("@")[0]),
    }
    secrets = {what: real.lower() for what, (real, fake) in known.items() if len(real) >= _SHORTEST and real != fake}
    lower = text.lower()
    for what in [what for what, value in secrets.items() if value in lower]:
        where = (place for place, _, value in places(text) if secrets[what] in value.lower())
        yield Leak(what, next(where, Place()))


def leaks_of_file(name: str, content: bytes) -> Iterator[Leak]:
    """What looks like a secret in a binary body: in the texts of its columns, or in whatever of it is readable."""
    found = texts(content)
    for column, text in found if found is not None else [("", content.decode("latin-1"))]:
        place = Place(0, f"the file {name}{', column ' if column else ''}{column}")
        for what in dict.fromkeys(what for what, _ in suspicions("", text) if what != _CHOSEN):
            yield Leak(what, place)
