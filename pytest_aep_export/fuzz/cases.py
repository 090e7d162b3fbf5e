"""Cases: what fuzzing tries, as data. A case is one or several steps; a step is a request that is right, and mistakes.

A value in a step may name what is known only when the case is tried: ``${dataset}`` for what the stage has or an
earlier step's answer gave, ``${other.org}`` for what a party is known by. So a case holds no secret, and can be tried
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pytest_aep_export.contract import Level

__all__ = [
    "ABSENT",
    "ACCEPTED",
    "NOT_FOUND",
    "REFUSED",
    "Case",
    "Edit",
    "Form",
    "Gift",
    "Mistake",
    "Owed",
    "Step",
    "Who",
]

Who = Literal["own", "sibling", "other"]
"""Who sends a request: the tenant itself, another sandbox of its organisation, or another organisation."""

Form = Literal["value", "tail", "link"]
"""How a gift is taken from where it lies: as it is, as what follows its last slash, or as a link to be followed."""

ACCEPTED: Final = (200, 299)
REFUSED: Final = (400, 499)
NOT_FOUND: Final = (404, 404)


class _Absent:
    """What an edit puts that takes something away."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Owed:
    """What the answer to a request has to be, and who says so.

    Attributes:
        statuses: The lowest and the highest status.
        source: The requirement, or where else it comes from.
        level: How bad another answer is; ``MAY`` for what a server is free to do otherwise.
        codes: The gateway's codes, one of which a refusal has to name; none for any.
    """

    statuses: tuple[int, int]
    source: str
    level: Level | Literal["MAY"] = "MUST"
    codes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The demand as JSON."""
        codes = {"codes": list(self.codes)} if self.codes else {}
        return {"statuses": list(self.statuses), "level": self.level, "source": self.source, **codes}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Owed:
        """The reverse of `to_json`."""
        least, most = document["statuses"]
        return cls((least, most), document["source"], document["level"], tuple(document.get("codes", ())))


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a request.

    Attributes:
        at: What is changed: ``/method``, ``/target`` for path and query as they are sent, ``/path/NAME``,
            ``/query/NAME``, ``/header/NAME``, a JSON pointer into the body behind ``/body``, ``/twice/NAME`` for a
            member that comes once more, ``/raw`` for the body as it is sent, ``/padding`` for blanks behind it.
        put: What stands there then; a list of texts for a header or a query's parameter that comes several times.
    """

    at: str
    put: Any = ABSENT

    def to_json(self) -> dict[str, Any]:
        """The edit as JSON."""
        return {"at": self.at} if self.put is ABSENT else {"at": self.at, "put": self.put}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Edit:
        """The reverse of `to_json`."""
        return cls(document["at"], document.get("put", ABSENT))


@dataclass(frozen=True, slots=True)
class Mistake:
    """One named error of a request.

    Attributes:
        name: What it is called.
        edits: How it changes a request that is right.
        owed: What a request with this mistake alone is owed; None where nothing says what a server does.
    """

    name: str
    edits: tuple[Edit, ...]
    owed: Owed | None = None

    def to_json(self) -> dict[str, Any]:
        """The mistake as JSON."""
        owed = {"owed": self.owed.to_json()} if self.owed else {}
        return {"name": self.name, "edits": [edit.to_json() for edit in self.edits], **owed}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Mistake:
        """The reverse of `to_json`."""
        owed = document.get("owed")
        edits = tuple(map(Edit.from_json, document["edits"]))
        return cls(document["name"], edits, owed and Owed.from_json(owed))


@dataclass(frozen=True, slots=True)
class Gift:
    """What a step's answer gives to the steps behind it: the value that a JSON pointer leads to."""

    name: str
    at: str
    form: Form = "value"

    def to_json(self) -> dict[str, Any]:
        """The gift as JSON."""
        return {"name": self.name, "at": self.at, "form": self.form}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Gift:
        """The reverse of `to_json`."""
        return cls(document["name"], document["at"], document["form"])


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a case.

    Attributes:
        operation: The contract's ``operationId`` of the request that it would be without mistakes.
        who: Who sends it.
        path: The path's parameters.
        query: The query's parameters.
        headers: Headers beside those that every request has.
        body: The JSON body, or the members of a form; None for no body.
        mistakes: What is wrong with it.
        owed: What the request without mistakes is owed; None where nothing says what a server does.
        gives: What its answer gives to the steps behind it.
        until: Statuses of a job in which it need not be looked at again: the step is repeated until the job shows one.
        target: Path and query as they are sent, instead of the operation's: ``${next}`` for a link that was given.
        optional: Whether the step is passed over, instead of ending the case, where something that it names is missing.
    """

    operation: str
    who: Who = "own"
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    mistakes: tuple[Mistake, ...] = ()
    owed: Owed | None = None
    gives: tuple[Gift, ...] = ()
    until: tuple[str, ...] = ()
    target: str = ""
    optional: bool = False

    @property
    def due(self) -> Owed | None:
        """What the request is owed as it is: with several mistakes a refusal, if all of them are owed one."""
        if not self.mistakes:
            return self.owed
        if len(self.mistakes) == 1:
            return self.mistakes[0].owed
        owed = [mistake.owed for mistake in self.mistakes]
        if any(each is None or each.statuses[0] < REFUSED[0] for each in owed):
            return None
        level: Level | Literal["MAY"] = "SHOULD" if all(each and each.level != "MAY" for each in owed) else "MAY"
        return Owed(REFUSED, " and ".join(dict.fromkeys(each.source for each in owed if each)), level)

    def to_json(self) -> dict[str, Any]:
        """The step as JSON; what is as usual is left out."""
        plain = {name: getattr(self, name) for name in ("path", "query", "headers") if getattr(self, name)}
        return {
            "operation": self.operation,
            **({} if self.who == "own" else {"who": self.who}),
            **{name: dict(found) for name, found in plain.items()},
            **({} if self.body is None else {"body": self.body}),
            **({"mistakes": [mistake.to_json() for mistake in self.mistakes]} if self.mistakes else {}),
            **({"owed": self.owed.to_json()} if self.owed else {}),
            **({"gives": [gift.to_json() for gift in self.gives]} if self.gives else {}),
            **({"until": list(self.until)} if self.until else {}),
            **({"target": self.target} if self.target else {}),
            **({"optional": True} if self.optional else {}),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Step:
        """The reverse of `to_json`."""
        owed = document.get("owed")
        return cls(
            operation=document["operation"],
            who=document.get("who", "own"),
            path=document.get("path", {}),
            query=document.get("query", {}),
            headers=document.get("headers", {}),
            body=document.get("body"),
            mistakes=tuple(map(Mistake.from_json, document.get("mistakes", ()))),
            owed=owed and Owed.from_json(owed),
            gives=tuple(map(Gift.from_json, document.get("gives", ()))),
            until=tuple(document.get("until", ())),
            target=document.get("target", ""),
            optional=document.get("optional", False),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is tried.

    Attributes:
        name: What is tried, in a few words.
        steps: The requests, in their order.
    """

    name: str
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """The case as JSON."""
        return {"name": self.name, "steps": [step.to_json() for step in self.steps]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Case:
        """The reverse of `to_json`."""
        return cls(document["name"], tuple(map(Step.from_json, document["steps"])))
