"""Recordings of the suite's own traffic: kept of a run, and played in the target's place without a network.

Each module of the suite has a recording of its own, in which it finds a tenant that nobody else has worked in. It is
played in its order. Recorded answers tell of the state that a target was in, so an answer is given only where nobody
can doubt that it is the one: to the request that was recorded next or, where the run leaves something out, to one that
is recorded only once from there on. Anything else is not recorded, and what asks for it is not judged.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from pytest_aep_export.cassettes import Interaction, Metadata, Recording, library, path_of, read, save
from pytest_aep_export.cassettes.hygiene import PLACEHOLDER, Cleaner
from pytest_aep_export.cassettes.leaks import refuse_leaks
from pytest_aep_export.cassettes.matching import Key, key_of, loosened, told
from pytest_aep_export.cassettes.recording import measured
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Exchange, Headers, Request, Response
from pytest_aep_export.hosts import GATEWAY, TOKEN_PATH
from pytest_aep_export.model import Credentials
from pytest_aep_export.suite.sending import Target
from pytest_aep_export.suite.terms import Neighbours, Patience
from pytest_aep_export.suite.usable import NotRecordedError

__all__ = ["NOT_RECORDED", "RECORDED", "UNSHOWN", "Reel", "Script", "find_recordings", "keep", "recorded_target"]

RECORDED: Final = "conformance"
"""The folder of the library with the recordings of the suite."""
NOT_RECORDED: Final[Mapping[str, str]] = {
    "known": "it judges by what is known of the tenant's data, which no recording tells"
}
"""Modules of the suite that are not recorded, and why."""
UNSHOWN: Final = ("known-data",)
"""Capabilities that no recording has, whatever it was recorded from."""

_PATIENCE: Final = Patience(poll=0, deadline=10, answer=60, busy=0)
_SECRETS: Final = ("authorization", "x-api-key", "x-gw-ims-org-id")
_ASKED_BY: Final = (*_SECRETS, "x-sandbox-name", "accept", "content-type")
"""Headers that make a request another one for the suite: it leaves them out and gives wrong ones on purpose."""
_MOMENT: Final = re.compile(rb"(?<=aep-export suite )\d{13}")
"""The time that a name of the suite's is made of, which is another in each run: see `Api.new_dataset`."""
_UNKNOWN: Final = "<unknown>"
"""Stands for every token, key and organisation that is nobody's, in a recording as in what is asked."""


class Asked(NamedTuple):
    """What a request is found by: what it asks for, and who asks in which way."""

    key: Key
    callers: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in a recording, by the stand-ins of their secrets.

    Attributes:
        tenants: Everybody who got a token, the tenant that is judged first.
        tokens: The tokens that were issued.
        sandbox: Another sandbox that the first tenant was let into; empty where there is none.
    """

    tenants: tuple[Credentials, ...]
    tokens: frozenset[str]
    sandbox: str

    @classmethod
    def of(cls, interactions: Iterable[Interaction]) -> Cast:
        """Whoever is seen in a recording."""
        tenants: dict[str, Credentials] = {}
        tokens, sandboxes = set[str](), dict[tuple[str, str], None]()
        for interaction in interactions:
            request, response = interaction.request, interaction.response
            if response.status != HTTPStatus.OK:
                continue
            if request.path == TOKEN_PATH:
                form = dict(parse_qsl(request.body.decode()))
                who = form["client_id"]
                tenants.setdefault(who, Credentials(who, form["client_secret"], "", scopes=form["scope"]))
                tokens.add(str(response.json()["access_token"]))
                continue
            who, sandbox = request.headers.get("x-api-key", ""), request.headers.get("x-sandbox-name", "")
            sandboxes[who, sandbox] = None
            if who in tenants and not tenants[who].org_id:
                org = request.headers.get("x-gw-ims-org-id", "")
                tenants[who] = replace(tenants[who], org_id=org, sandbox=sandbox)
        found = tuple(tenants.values())
        others = [box for who, box in sandboxes if found and who == found[0].client_id and box != found[0].sandbox]
        return cls(found, frozenset(tokens), others[0] if others else "")

    def neighbours(self, *, others: bool) -> Neighbours:
        """The others, as the suite asks for them.

        Args:
            others: Whether the profiles of another organisation are others.
        """
        return Neighbours(self.sandbox, self.tenants[1] if len(self.tenants) > 1 else None, others)

    @property
    def secrets(self) -> frozenset[str]:
        """The tokens, keys, secrets and organisations that are somebody's here."""
        return self.tokens.union(*((each.client_id, each.client_secret, each.org_id) for each in self.tenants))

    def knows(self, secret: str) -> bool:
        """Whether a token, key, secret or organisation is somebody's here."""
        return secret in self.secrets


class Script:
    """One recording while it is played; an answer is given once.

    Attributes:
        cast: Who takes part in it.
        neighbours: Those of them that the suite asks for: the emulator fills each organisation with other profiles.
    """

    def __init__(self, recording: Recording) -> None:
        self._interactions = recording.interactions
        self.cast = Cast.of(recording.interactions)
        self._told = told(recording.interactions) | self.cast.secrets
        self.neighbours = self.cast.neighbours(others=recording.metadata.source == "emulator")
        self._asked = [self._of(interaction.request) for interaction in recording.interactions]
        self._places: dict[Asked, list[int]] = defaultdict(list)
        for place, asked in enumerate(self._asked):
            self._places[asked].append(place)
        self._names: dict[bytes, bytes] = {}
        self._next = 0
        self._played: set[int] = set()
        self._sure = True

    def take(self, request: Request) -> Response | None:
        """The answer to a request at this place of the script; None where it has none, or might have another."""
        asked = self._of(request)
        ahead = self._places.get(asked, [])
        ahead = ahead[bisect_left(ahead, self._next) :]
        follows = bool(ahead) and ahead[0] == self._next
        self._sure = len(ahead) == 1 or (self._sure and follows)
        if not self._sure:
            return None
        self._next = ahead[0] + 1
        self._played.add(ahead[0])
        return self._answer(self._interactions[ahead[0]], request)

    def left(self) -> list[Request]:
        """The recorded requests that have not been made."""
        return [one.request for place, one in enumerate(self._interactions) if place not in self._played]

    def _answer(self, recorded: Interaction, request: Request) -> Response:
        """What was answered, of what the run has named as it has named it."""
        self._names.update(zip(_MOMENT.findall(recorded.request.body), _MOMENT.findall(request.body), strict=False))
        response = recorded.response
        body = _MOMENT.sub(lambda found: self._names.get(found[0], found[0]), response.body)
        return replace(response, headers=Headers(measured(response)), body=body)

    def _of(self, request: Request) -> Asked:
        key = loosened(key_of(self._without_secrets(request)), self._told)
        if request.path == TOKEN_PATH:  # where the form says who asks
            return Asked(key, ())
        return Asked(key, tuple(self._caller(name, request.headers.get(name)) for name in _ASKED_BY))

    def _without_secrets(self, request: Request) -> Request:
        """The request as it is compared: in a form for a token what is nobody's is all the same."""
        if request.path != TOKEN_PATH:
            return request
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        known = {name: self._known(form[name]) for name in ("client_id", "client_secret") if name in form}
        return replace(request, body=urlencode(form | known).encode())

    def _caller(self, name: str, value: str | None) -> str | None:
        if value is None or name not in _SECRETS:
            return value
        scheme, _, secret = value.rpartition(" ")
        return f"{scheme} {self._known(secret)}"

    def _known(self, secret: str) -> str:
        return secret if self.cast.knows(secret) else _UNKNOWN


class Reel:
    """The recordings of a run, one for each module of the suite, or one that every module is tried on.

    Args:
        name: What they are called together.
        paths: Their files by the module's name; that of an empty name is played for every module that has none.

    Attributes:
        scripts: What was played so far, by the module's name.
        tenant: Who was judged in the module that is played, with the scopes and the sandbox that were asked for.
    """

    def __init__(self, name: str, paths: Mapping[str, Path]) -> None:
        self._name = name
        self._paths = paths
        self.scripts: dict[str, Script] = {}
        self._script: Script | None = None
        self.tenant: Credentials | None = None
        self._module = ""

    def begin(self, module: str) -> Neighbours:
        """Play what was recorded of a module from its start, and tell who takes part in it.

        Raises:
            ConfigurationError: Its file is not what was written.
        """
        self._module, self.tenant = module, None
        path = self._paths.get(module) or self._paths.get("")
        self._script = Script(read(f"{self._name}/{module}", path)) if path else None
        if self._script is None:
            return Neighbours()
        self.scripts[module] = self._script
        self.tenant = next(iter(self._script.cast.tenants), None)
        return self._script.neighbours

    def answer(self, request: Request) -> Response:
        """What was answered to a request at this place.

        Raises:
            NotRecordedError: Nothing is recorded of it.
        """
        if self._script is None:
            why = NOT_RECORDED.get(self._module, "record it as well")
            raise NotRecordedError(f"cassette {self._name} has nothing of the module {self._module}: {why}")
        response = self._script.take(request)
        if response is None:
            raise NotRecordedError(
                f"cassette {self._name} does not show what {request.method} {request.path} gives here"
            )
        return response


def recorded_target(named: str = "") -> Target:
    """A target that recordings stand in for; see `find_recordings` for how they are named."""
    name = named or RECORDED
    target = Target(GATEWAY, PLACEHOLDER, kind="cassette", label=f"cassette {name}", patience=_PATIENCE)
    target.recorded = Reel(name, find_recordings(name))
    return target


def find_recordings(named: str) -> Mapping[str, Path]:
    """The files of recordings by the module that they are of, of one for any module.

    Args:
        named: A file, a folder of them, or the name that either has in the library.

    Raises:
        ConfigurationError: There is none of that name.
    """
    for place in (Path(named), library() / named, library() / f"{named}.yaml"):
        if place.is_file():
            return {"": place}
        if found := {path.stem: path for path in sorted(place.glob("*.yaml"))}:
            return found
    raise ConfigurationError(
        f"there is no cassette {named!r}: name a file, a folder of cassettes, or one of the library, such as {RECORDED}"
    )


def keep(
    name: str, target: Target, metadata: Metadata, folder: Path | None = None, *, personal_data: bool = False
) -> Recording:
    """Write a recording of everything that a target has exchanged, for `Reel` to play; secrets are taken out.

    Raises:
        ConfigurationError: Nothing was exchanged, or it could not be written.
        LeakError: It still holds a secret, or files of persons' profiles that were not allowed; nothing was written.
    """
    cleaner = Cleaner(target.credentials, target.base_url, kept=_ASKED_BY)
    first = [cleaner.interaction(one) for one in _interactions(target.exchanges)]
    recording = Recording(name, metadata, cleaner.finish(first))
    check = refuse_leaks(target.credentials, metadata.source, personal_data=personal_data)
    return save(recording, path_of(name, folder), check)


def _interactions(exchanges: Sequence[Exchange]) -> Iterator[Interaction]:
    return (Interaction(exchange.request, exchange.response) for exchange in exchanges)
