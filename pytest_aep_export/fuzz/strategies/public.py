"""The strategies that tests use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, overload

from hypothesis import strategies as st

from pytest_aep_export.contract.dialects import dialect as known_dialect
from pytest_aep_export.contract.union import Union
from pytest_aep_export.errors import ConfigurationError
from pytest_aep_export.exchange import Request, Response
from pytest_aep_export.fuzz.cases import Edit, Mistake
from pytest_aep_export.fuzz.strategies import exchanged, fields, graphs, job_mistakes, job_requests, responses
from pytest_aep_export.fuzz.strategies.exchanged import Journal
from pytest_aep_export.fuzz.strategies.graphs import ProfileGraph
from pytest_aep_export.fuzz.strategies.job_requests import Known
from pytest_aep_export.fuzz.strategies.jobs import Shown
from pytest_aep_export.fuzz.strategies.near import Chosen, NearMiss, chosen, near_misses
from pytest_aep_export.fuzz.strategies.texts import hostile_json

__all__ = [
    "export_job_requests",
    "field_paths",
    "job_responses",
    "journals",
    "mistakes_of",
    "profile_graphs",
    "segments_filters",
]

Body: TypeAlias = dict[str, Any]

_FILTER: Final = "/body/filter/"
_BUILT_IN: Final = Known()


@overload
def export_job_requests(
    known: Known = ..., *, mistakes: None = ..., hostile: Literal[False] = ...
) -> st.SearchStrategy[Body]: ...
@overload
def export_job_requests(
    known: Known = ..., *, mistakes: Chosen, hostile: Literal[False] = ...
) -> st.SearchStrategy[NearMiss[Body]]: ...
@overload
def export_job_requests(
    known: Known = ..., *, mistakes: None = ..., hostile: Literal[True]
) -> st.SearchStrategy[Request]: ...
def export_job_requests(
    known: Known = _BUILT_IN, *, mistakes: Chosen | None = None, hostile: bool = False
) -> st.SearchStrategy[Any]:
    """Bodies of requests for export jobs, as JSON.

    Args:
        known: What they may refer to: datasets, policies, segments and fields; by default those of the built-in data.
        mistakes: Draw near misses with these mistakes, each of which has to be refused.
        hostile: Draw whole requests that no client sends, but for the headers that say who calls.

    Raises:
        ConfigurationError: There is no such mistake.
    """
    _check_one(mistakes, hostile=hostile)
    if hostile:
        return job_mistakes.hostile_requests(known)
    bodies = job_requests.bodies(known)
    if mistakes is None:
        return bodies
    return near_misses(bodies, chosen(job_mistakes.mistakes(known), mistakes), job_mistakes.is_alone)


@overload
def segments_filters(
    known: Known = ..., *, mistakes: None = ..., hostile: Literal[False] = ...
) -> st.SearchStrategy[Body]: ...
@overload
def segments_filters(
    known: Known = ..., *, mistakes: Chosen, hostile: Literal[False] = ...
) -> st.SearchStrategy[NearMiss[Body]]: ...
@overload
def segments_filters(known: Known = ..., *, mistakes: None = ..., hostile: Literal[True]) -> st.SearchStrategy[Any]: ...
def segments_filters(
    known: Known = _BUILT_IN, *, mistakes: Chosen | None = None, hostile: bool = False
) -> st.SearchStrategy[Any]:
    """What stands in ``filter`` of a job request, with one segment at least.

    Args:
        known: What they may refer to.
        mistakes: Draw near misses with these mistakes.
        hostile: Draw any JSON at all, and filters in which one member is.

    Raises:
        ConfigurationError: There is no such mistake.
    """
    _check_one(mistakes, hostile=hostile)
    filters = job_requests.filters(known)
    if hostile:
        return hostile_json() | st.builds(
            _with, filters, st.sampled_from(("segments", "emptyProfiles")), hostile_json()
        )
    if mistakes is None:
        return filters
    wrong = {mistake.name: mistake for mistake in _in_filter(known)}
    picked = [wrong[mistake.name] for mistake in chosen(list(wrong.values()), mistakes)]
    return near_misses(filters, picked, lambda miss: _is_alone_in_filter(known, miss))


def _with(document: Body, name: str, value: Any) -> Body:
    return {**document, name: value}


def _in_filter(known: Known) -> list[Mistake]:
    """The mistakes of a job request that are in its filter alone, at their place in that."""
    inside = [each for each in job_mistakes.mistakes(known) if all(e.at.startswith(_FILTER) for e in each.edits)]
    return [
        Mistake(
            each.name, tuple(Edit(f"/body/{edit.at.removeprefix(_FILTER)}", edit.put) for edit in each.edits), each.owed
        )
        for each in inside
    ]


def _is_alone_in_filter(known: Known, miss: NearMiss[Body]) -> bool:
    edits = tuple(Edit(f"{_FILTER}{edit.at.removeprefix('/body/')}", edit.put) for edit in miss.mistake.edits)
    whole = Mistake(miss.mistake.name, edits, miss.mistake.owed)
    return job_mistakes.is_alone(NearMiss({**job_mistakes.least(known), "filter": miss.value}, whole))


@overload
def field_paths(
    of: fields.Class = ..., *, union: Union | None = ..., mistakes: None = ..., hostile: bool = ...
) -> st.SearchStrategy[str]: ...
@overload
def field_paths(
    of: fields.Class = ..., *, union: Union | None = ..., mistakes: Chosen, hostile: Literal[False] = ...
) -> st.SearchStrategy[NearMiss[str]]: ...
def field_paths(
    of: fields.Class = "profile", *, union: Union | None = None, mistakes: Chosen | None = None, hostile: bool = False
) -> st.SearchStrategy[Any]:
    """Dotted paths into the union schema, one at a time.

    Args:
        of: Of the profile class or of the event class.
        union: The fields that there are; by default those of the contract.
        mistakes: Draw near misses with these mistakes.
        hostile: Draw texts in the place of paths: long, deep, in any script.

    Raises:
        ConfigurationError: There is no such mistake.
    """
    _check_one(mistakes, hostile=hostile)
    if hostile:
        return fields.hostile_paths()
    valid = fields.paths_of(union, of)
    return valid if mistakes is None else fields.near_paths(valid, mistakes)


@overload
def profile_graphs(
    *, union: Union | None = ..., profiles: int = ..., events: int = ..., mistakes: None = ..., hostile: bool = ...
) -> st.SearchStrategy[ProfileGraph]: ...
@overload
def profile_graphs(
    *,
    union: Union | None = ...,
    profiles: int = ...,
    events: int = ...,
    mistakes: Chosen,
    hostile: Literal[False] = ...,
) -> st.SearchStrategy[NearMiss[ProfileGraph]]: ...
def profile_graphs(
    *,
    union: Union | None = None,
    profiles: int = 6,
    events: int = 4,
    mistakes: Chosen | None = None,
    hostile: bool = False,
) -> st.SearchStrategy[Any]:
    """Profile records and events that share identities, datasets and times; ``.data`` is what a tenant loads.

    Args:
        union: The fields that records may have; by default those of the contract.
        profiles: How many profile records there are at most.
        events: How many events.
        mistakes: Draw near misses with these mistakes, each of which ``load_profiles`` refuses.
        hostile: Draw rows that are legal, and that careless joining, folding, trimming or comparing mixes up.

    Raises:
        ConfigurationError: There is no such mistake.
    """
    _check_one(mistakes, hostile=hostile)
    if hostile:
        return graphs.hostile_graphs(union, (profiles, events))
    if mistakes is None:
        return graphs.graphs(union, (profiles, events))
    return graphs.near_graphs(union, (profiles, events), mistakes)


@overload
def job_responses(
    dialect: str | None = ..., *, statuses: Sequence[str] | None = ..., mistakes: None = ..., hostile: bool = ...
) -> st.SearchStrategy[Response]: ...
@overload
def job_responses(
    dialect: str | None = ..., *, statuses: Sequence[str] | None = ..., mistakes: Chosen, hostile: Literal[False] = ...
) -> st.SearchStrategy[NearMiss[Response]]: ...
def job_responses(
    dialect: str | None = "canonical",
    *,
    statuses: Sequence[str] | None = None,
    mistakes: Chosen | None = None,
    hostile: bool = False,
) -> st.SearchStrategy[Any]:
    """Answers to a look at a job.

    Args:
        dialect: The dialect that they are in; None for whatever some documented variant allows.
        statuses: The statuses that the job has; by default all.
        mistakes: Draw near misses with these mistakes, each of which contradicts every documented variant.
        hostile: Draw what no server should answer: cut or twisted bodies, odd headers, values that are none.

    Raises:
        ConfigurationError: There is no such dialect, status or mistake.
    """
    _check_one(mistakes, hostile=hostile)
    shown = Shown(dialect and known_dialect(dialect).name, statuses=statuses)
    if hostile:
        return responses.hostile_answers(shown)
    return responses.answers(shown) if mistakes is None else responses.near_answers(shown, mistakes)


@overload
def journals(dialect: str = ..., *, mistakes: None = ..., hostile: bool = ...) -> st.SearchStrategy[Journal]: ...
@overload
def journals(
    dialect: str = ..., *, mistakes: Chosen, hostile: Literal[False] = ...
) -> st.SearchStrategy[NearMiss[Journal]]: ...
def journals(
    dialect: str = "canonical", *, mistakes: Chosen | None = None, hostile: bool = False
) -> st.SearchStrategy[Any]:
    """What a client and a server exchanged, from the first token to the last byte.

    Args:
        dialect: What the server speaks.
        mistakes: Draw near misses in which the client makes one of these mistakes.
        hostile: Draw exchanges that no client and no server should have.

    Raises:
        ConfigurationError: There is no such dialect or mistake.
    """
    _check_one(mistakes, hostile=hostile)
    name = known_dialect(dialect).name
    if hostile:
        return exchanged.hostile_journals()
    return exchanged.journals(name) if mistakes is None else exchanged.near_journals(mistakes, name)


def mistakes_of(strategy: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the mistakes that a strategy knows, with what it refers to by default.

    Raises:
        ConfigurationError: It is none of these strategies.
    """
    if strategy not in _MISTAKES:
        known = ", ".join(each.__name__ for each in _MISTAKES)
        raise ConfigurationError(f"{strategy!r:.80} has no mistakes: use one of {known}")
    return tuple(mistake.name for mistake in _MISTAKES[strategy]())


_MISTAKES: Final[Mapping[Callable[..., Any], Callable[[], Sequence[Mistake]]]] = {
    export_job_requests: lambda: job_mistakes.mistakes(_BUILT_IN),
    field_paths: fields.mistakes,
    job_responses: responses.mistakes,
    journals: exchanged.mistakes,
    profile_graphs: lambda: graphs.MISTAKES,
    segments_filters: lambda: _in_filter(_BUILT_IN),
}


def _check_one(mistakes: Chosen | None, *, hostile: bool) -> None:
    if hostile and mistakes is not None:
        raise ConfigurationError("hostile values have no named mistakes: use either mistakes= or hostile=True")
