"""The plan: what a request means, and what it cannot ask for."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_aep_export.exporter.plan import EventPlan, ExportPlan, InvalidExportError, Segment, plan, policy_id
from pytest_aep_export.model import MergePolicy
from pytest_aep_export.profiles.policies import CRM, DEFAULT_POLICIES, DEFAULT_SEGMENTS, LOYALTY

DEFAULT = DEFAULT_POLICIES[0]
SEED_INSTANT = 1_540_498_924_000
"""The seed's 2018-10-25T13:22:04-07:00 in ms: 1540498924 is 2018-10-25 20:22:04 UTC."""


def events(**event_list: Any) -> dict[str, Any]:
    """A request for events."""
    return {"additionalFields": {"eventList": event_list}}


def test_an_empty_request_asks_for_all_attributes_of_all_profiles():
    """Nothing said: every field, no event, no filter, the policy's merging."""
    assert plan({}, DEFAULT) == ExportPlan()


@pytest.mark.parametrize(
    ("policy", "graph", "order"),
    [
        ("0bf16e61-90e9-4204-b8fa-ad250360957b", "none", None),
        ("e5bc94de-cd14-4cdf-a2bc-88b6e8cbfac2", "none", (CRM, LOYALTY)),
        ("42d4a596-b1c6-46c0-994e-ca5ef1f85130", "pdg", (CRM, LOYALTY)),
        ("timestampOrdered-none-mp", "none", None),
    ],
)
def test_the_policy_decides_graph_and_order(policy: str, graph: str, order: Any):
    """Each of the documentation's policies means what it says there."""
    (known,) = [candidate for candidate in DEFAULT_POLICIES if candidate.id == policy]
    made = plan({}, known)

    assert (made.graph, made.order) == (graph, order)


def test_the_documented_request_is_understood():
    """The seed's sample: two attributes, two event fields, events ingested after a time with an offset."""
    request = {
        "fields": "identities.id,personalEmail.address",
        **events(
            fields="environment.browserDetails.name,environment.browserDetails.version",
            filter={"fromIngestTimestamp": "2018-10-25T13:22:04-07:00"},
        ),
    }

    made = plan(request, DEFAULT)

    assert made.fields == ("identities.id", "personalEmail.address")
    assert made.events == EventPlan(
        ("environment.browserDetails.name", "environment.browserDetails.version"), after=SEED_INSTANT
    )


@pytest.mark.parametrize(
    ("text", "paths"),
    [(None, ()), ("", ()), ("  ", ()), ("person, personID", ("person", "personID")), ("_id,_id", ("_id",))],
)
def test_fields_are_trimmed_and_blank_means_all(text: str | None, paths: tuple[str, ...]):
    """Blanks around a path do not matter, neither does naming it twice."""
    assert plan({"fields": text}, DEFAULT).fields == paths


def test_segments_take_their_defaults_and_lose_their_spelling():
    """No namespace is ``ups``, no status is ``realized``, and ``existing`` is the old word for it."""
    asked = [
        {"segmentId": "a"},
        {"segmentId": "b", "segmentNs": "AAM", "status": ["exited", "existing"]},
        {"segmentId": "c", "segmentNs": "UPS", "status": []},
    ]

    assert plan({"filter": {"segments": asked}}, DEFAULT).segments == (
        Segment("a", "ups", frozenset({"realized"})),
        Segment("b", "aam", frozenset({"exited", "realized"})),
        Segment("c", "ups", frozenset({"realized"})),
    )


VISITED, NEARBY, IMPORTED = DEFAULT_SEGMENTS


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([], None),
        ([{"segmentId": NEARBY.id}], NEARBY.policy),
        ([{"segmentId": NEARBY.id, "segmentNs": "UPS", "status": ["exited"]}], NEARBY.policy),
        ([{"segmentId": NEARBY.id, "segmentNs": "aam"}], None),
        ([{"segmentId": IMPORTED.id, "segmentNs": "AAM"}], IMPORTED.policy),
        ([{"segmentId": "of my own"}], None),
        ([{"segmentId": NEARBY.id}, {"segmentId": VISITED.id}], None),
    ],
)
def test_one_segment_gives_its_policy_to_a_request_without_one(segments: list[dict[str, Any]], expected: str | None):
    """Of several none does, nor does one that the default data does not know; a request's own policy comes first."""
    request: dict[str, Any] = {"filter": {"segments": segments}}
    assert policy_id(request) == expected
    assert policy_id(request | {"mergePolicy": {"id": "mine"}}) == "mine"


def test_a_default_segment_has_another_policy_than_the_default():
    """So that the rule shows; and each names a policy that there is."""
    assert {segment.policy for segment in DEFAULT_SEGMENTS} > {DEFAULT.id}
    assert {segment.policy for segment in DEFAULT_SEGMENTS} <= {policy.id for policy in DEFAULT_POLICIES}


def test_one_plan_for_each_segment():
    """For a batch per segment the plan is split; all else stays."""
    asked = {"filter": {"segments": [{"segmentId": "a"}, {"segmentId": "b"}], "emptyProfiles": True}, "fields": "_id"}
    split = plan(asked, DEFAULT).per_segment()

    assert [[segment.id for segment in one.segments] for one in split] == [["a"], ["b"]]
    assert all(one.fields == ("_id",) and one.empty_profiles for one in split)


def test_the_filters_time_also_bounds_the_events():
    """Of two lower bounds on events the later one counts."""
    early, late = "2018-01-01T00:00:00Z", "2018-02-01T00:00:00Z"

    def after(of_profiles: str, of_events: str) -> int | None:
        request = events(filter={"fromIngestTimestamp": of_events}) | {"filter": {"fromIngestTimestamp": of_profiles}}
        made = plan(request, DEFAULT).events
        return made and made.after

    assert after(early, late) == after(late, early) == 1_517_443_200_000
    assert plan({"filter": {"fromIngestTimestamp": early}}, DEFAULT).updated_after == 1_514_764_800_000


def test_fractions_of_a_millisecond_keep_comparisons_exact():
    """A bound that excludes is rounded down when it is a lower one; all others are rounded up."""
    fine = "1970-01-01T00:00:00.0005Z"
    finer = "1970-01-01T00:00:00.0025Z"
    request = {
        "filter": {"segmentQualificationTime": {"startTime": fine, "endTime": finer}, "fromIngestTimestamp": fine},
        **events(filter={"toIngestTimestamp": finer}),
    }

    made = plan(request, DEFAULT)

    assert (made.updated_after, made.qualified_from, made.qualified_until) == (0, 1, 3)
    assert made.events == EventPlan(after=0, before=3)


@pytest.mark.parametrize(
    ("request_", "selecting"),
    [
        ({}, False),
        ({"filter": {"segments": []}}, False),
        ({"filter": {"segments": [{"segmentId": "a"}]}}, True),
        ({"filter": {"segmentQualificationTime": {"startTime": "2018-01-01T00:00:00Z"}}}, True),
        ({"filter": {"segmentQualificationTime": {"endTime": "2018-01-01T00:00:00Z"}}}, True),
    ],
)
def test_memberships_matter_when_segments_or_their_times_are_given(request_: dict[str, Any], selecting: bool):  # noqa: FBT001 - a case
    """Without either, profiles of no segment are exported too."""
    assert plan(request_, DEFAULT).by_membership is selecting


_FILTER = "/additionalFields/eventList/filter"


@pytest.mark.parametrize(
    ("request_", "pointer", "reason"),
    [
        ({"fields": "persona"}, "/fields", "it has no 'persona'"),
        ({"fields": "personID.x"}, "/fields", "which holds a string"),
        ({"fields": "_id,,personID"}, "/fields", "a name between its dots is empty"),
        ({"fields": ", ,"}, "/fields", "a name between its dots is empty"),
        ({"fields": "timeSeriesEvents._id"}, "/fields", "additionalFields.eventList"),
        (events(fields="person"), "/additionalFields/eventList/fields", "it has no 'person'"),
        (
            events(filter={"fromIngestTimestamp": "2018-01-02T00:00:00Z", "toIngestTimestamp": "2018-01-01T00:00:00Z"}),
            _FILTER,
            "toIngestTimestamp is not later than fromIngestTimestamp",
        ),
        (
            events(filter={"toIngestTimestamp": "2018-02-30T00:00:00Z"}),
            f"{_FILTER}/toIngestTimestamp",
            "no point in time",
        ),
        (
            events(filter={"fromIngestTimestamp": "2018-01-01T00:00:00"}),
            f"{_FILTER}/fromIngestTimestamp",
            "no point in time",
        ),
        ({"filter": {"fromIngestTimestamp": "yesterday"}}, "/filter/fromIngestTimestamp", "'yesterday'"),
        (
            {"filter": {"segments": [{"segmentId": "s"}, {"segmentId": "t"}, {"segmentId": "s", "segmentNs": "UPS"}]}},
            "/filter/segments/2",
            "segment 's' is listed twice",
        ),
        (
            {
                "filter": {
                    "segmentQualificationTime": {
                        "startTime": "2018-01-01T00:00:00Z",
                        "endTime": "2018-01-01T01:00:00+01:00",
                    }
                }
            },
            "/filter/segmentQualificationTime",
            "endTime is not later than startTime",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_pointer_and_reason(request_: dict[str, Any], pointer: str, reason: str):
    """The member at fault and what is wrong with it, in one sentence."""
    with pytest.raises(InvalidExportError) as caught:
        plan(request_, DEFAULT)

    assert caught.value.pointer == pointer
    assert reason in caught.value.reason
    assert str(caught.value) == f"{pointer}: {caught.value.reason}"


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (MergePolicy("p", graph="coop"), "policy p has the unknown graph 'coop'"),
        (MergePolicy("p", method="newest"), "policy p merges by 'newest'"),
        (MergePolicy("p", method="dataSetPrecedence"), "'dataSetPrecedence' and an order"),
    ],
)
def test_a_policy_that_no_engine_knows_is_refused(policy: MergePolicy, reason: str):
    """An unknown graph or method, and precedence without an order, are named."""
    with pytest.raises(InvalidExportError, match=reason) as caught:
        plan({}, policy)

    assert caught.value.pointer == "/mergePolicy/id"
