"""What goes wrong on the way: refusals, overload, lost connections, unreadable answers, tokens that expire."""

from __future__ import annotations

from typing import Final

from pytest_aep_export.emulator import Behaviour
from pytest_aep_export.emulator.faults import (
    Answer,
    Delay,
    Dribble,
    Effect,
    Empty,
    ExpireToken,
    Fault,
    Garbage,
    Malformed,
    Reset,
    Skew,
)
from pytest_aep_export.judge.scenario import Ending, Scenario
from pytest_aep_export.judge.scenarios.odd import answering, busy_until

__all__ = ["TROUBLE"]

_CREATE: Final = "createExportJob"
_LOOK: Final = "getExportJob"
_TOKEN: Final = "requestToken requestTokenV2"  # noqa: S105 - the operations that give tokens
_DAY: Final = 86_400
_ALWAYS: Final = None
_PATIENCE: Final = 4
"""Seconds: what never works is not to be tried for long."""


def _once(name: str, about: str, on: str, effect: Effect, *, ending: Ending = "success", skip: int = 0) -> Scenario:
    return Scenario(name, about, ending=ending, faults=(Fault(on, effect, skip=skip),))


def _ever(name: str, about: str, on: str, effect: Effect, *, skip: int = 0) -> Scenario:
    faults = (Fault(on, effect, skip=skip, times=_ALWAYS),)
    return Scenario(name, about, ending="failure", faults=faults, patience=_PATIENCE)


_TOKENS: Final = (
    _once(
        "token-expires-while-waiting", "The token expires between two looks at the job.", _LOOK, ExpireToken(), skip=1
    ),
    _once(
        "token-expires-before-the-bytes", "The token expires before a file is read.", "getFile", ExpireToken(), skip=1
    ),
    _ever("every-token-has-expired", "Every token is refused from the job's creation on.", _CREATE, ExpireToken()),
    Scenario(
        "token-without-a-lifetime",
        "A token's lifetime is not told.",
        behaviour=Behaviour(persona="token-without-lifetime"),
    ),
    _once(
        "no-token-for-a-moment",
        "The first request for a token is answered with 503.",
        _TOKEN,
        Answer(503),
        ending="either",
    ),
    _ever("credentials-are-refused", "No token is given.", _TOKEN, Answer(401, body='{"error": "invalid_client"}')),
)
_BUSY: Final = (
    _once(
        "told-to-wait-a-second",
        "A look is answered with 429, to be repeated after a second.",
        _LOOK,
        Answer(429, (("Retry-After", "1"),)),
        skip=1,
    ),
    _once(
        "told-to-wait-two-seconds",
        "A look is answered with 503, to be repeated after two seconds.",
        _LOOK,
        Answer(503, (("Retry-After", "2"),)),
    ),
    Scenario(
        "told-until-when-to-wait",
        "A look is answered with 503 and a date in three seconds.",
        behaviour=Behaviour(persona=answering("busy-until", "A look is answered with 503 and a date.", busy_until(3))),
        patience=30,
    ),
    _once("down-for-a-moment", "A look is answered with 503 once.", _LOOK, Answer(503), skip=1),
    Scenario(
        "down-for-a-while",
        "Three looks in a row are answered with 503.",
        ending="either",
        faults=(Fault(_LOOK, Answer(503), times=3),),
        patience=30,
    ),
    _ever("down-for-good", "Every look but the first is answered with 503.", _LOOK, Answer(503), skip=1),
    _once("bytes-down-for-a-moment", "The bytes of a file are answered with 503 once.", "getFile", Answer(503), skip=1),
    _once(
        "creation-is-put-off",
        "The creation of the job is answered with 429, to be repeated after a second.",
        _CREATE,
        Answer(429, (("Retry-After", "1"),)),
        ending="either",
    ),
)
_REFUSED: Final = (
    _ever("creation-is-forbidden", "The creation of the job is answered with 403.", _CREATE, Answer(403)),
    _ever("creation-is-a-mistake", "The creation of the job is answered with 400.", _CREATE, Answer(400)),
    _ever("dataset-is-forbidden", "The creation of the dataset is answered with 403.", "createDataset", Answer(403)),
    _ever("looks-are-forbidden", "Every look at the job is answered with 403.", _LOOK, Answer(403)),
    _ever("job-is-not-found", "Every look at the job is answered with 404.", _LOOK, Answer(404)),
)
_LOST: Final = (
    _once("creation-is-reset", "The connection is reset after the job was created.", _CREATE, Reset(), ending="either"),
    _once(
        "creation-is-closed", "The connection is closed after the job was created.", _CREATE, Empty(), ending="either"
    ),
    _once(
        "creation-never-arrives",
        "The connection is reset before the job is created.",
        _CREATE,
        Reset(served=False),
        ending="either",
    ),
    _once(
        "creation-answered-with-500",
        "The job is created, and that is answered with 500.",
        _CREATE,
        Answer(500, after=True),
        ending="either",
    ),
    _once(
        "creation-answered-with-504",
        "The job is created, and that is answered with 504.",
        _CREATE,
        Answer(504, after=True),
        ending="either",
    ),
    _once("look-is-reset", "The connection is reset at a look at the job.", _LOOK, Reset(), ending="either", skip=1),
)
_UNREADABLE: Final = (
    _once("look-is-cut-json", "A look is answered with half of the JSON.", _LOOK, Malformed(), ending="either"),
    _ever("looks-are-cut-json", "Every look is answered with half of the JSON.", _LOOK, Malformed()),
    _ever("looks-are-no-http", "Every look is answered with what is no HTTP.", _LOOK, Garbage()),
)
_ODD: Final = (
    Scenario(
        "answers-in-pieces",
        "Every answer comes in pieces of 40 bytes.",
        faults=(Fault("*", Dribble(40), times=_ALWAYS),),
    ),
    Scenario(
        "answer-is-slow",
        "A look is answered after 50 seconds, of which two are really waited for.",
        faults=(Fault(_LOOK, Delay(50, wait=2)),),
        patience=300,
    ),
    Scenario("clock-is-ahead", "The server's clock is a day ahead.", faults=(Fault("*", Skew(_DAY), times=_ALWAYS),)),
    Scenario(
        "clock-is-behind", "The server's clock is a day behind.", faults=(Fault("*", Skew(-_DAY), times=_ALWAYS),)
    ),
)

TROUBLE: Final = (*_TOKENS, *_BUSY, *_REFUSED, *_LOST, *_UNREADABLE, *_ODD)
