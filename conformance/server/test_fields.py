"""Which fields an export has: the paths that were asked for, with what the whole profile holds there."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_aep_export.suite import choices
from pytest_aep_export.suite.expect import not_applicable
from pytest_aep_export.suite.exports import Exports, Shown
from pytest_aep_export.suite.records import Record, counted, difference
from pytest_aep_export.suite.rows import attributes

requirement = pytest.mark.aep_requirement


def expect_accepted(exports: Exports, kind: str) -> None:
    """Require that a request for fields has created a job."""
    created, fields = exports.created(kind), exports.payloads[kind]["fields"]
    accepted = created.response.status in range(200, 300)
    Shown(created).expect(accepted, f"the fields {fields!r} are accepted", f"status {created.response.status}")


@pytest.fixture(scope="module")
def paths(exports: Exports) -> dict[str, str]:
    """A path of each shape that the tenant's profiles have values at; exports of them have been asked for."""
    exports.known()
    found = choices.shapes(exports.table("everything"))
    fields = ["identityMap", *found.values()]
    kinds = {"selected": ",".join(fields), "spaced": ", ".join(fields), "blank": ""}
    exports.ask({kind: exports.request(fields=text) for kind, text in kinds.items()})
    return found


@requirement("EXP-CREATE-022")
@pytest.mark.usefixtures("paths")
def test_several_fields_are_accepted(exports: Exports):
    """A request that names several fields, of every shape that there is, creates a job."""
    expect_accepted(exports, "selected")


@requirement("EXP-ROWS-010")
@pytest.mark.parametrize("shape", choices.SHAPES)
def test_the_values_of_selected_fields(exports: Exports, paths: dict[str, str], shape: str):
    """What is selected holds what it holds where every field is exported, for each profile."""
    if shape not in paths:
        not_applicable(f"no profile of the tenant has {shape} to select")
    path = paths[shape]
    wanted, found = (counted(records, path) for records in (exports.known(), exports.records("selected")))
    required = f"{path} has the values of the whole profiles"
    exports.relate("selected", found == wanted, required, difference(found, wanted))


@requirement("EXP-ROWS-011")
def test_nothing_else_is_selected(exports: Exports, paths: dict[str, str]):
    """Where several fields are selected no other holds a value."""
    chosen = ["identityMap", *paths.values()]
    others = [
        path
        for path in attributes(exports.table("selected"))
        if not any(f"{path}.".startswith(f"{prefix}.") for prefix in chosen)
    ]
    Shown(exports.finished("selected")).expect(not others, f"only {', '.join(chosen)} hold values", sorted(others))


@requirement("EXP-ROWS-012")
@pytest.mark.usefixtures("paths")
def test_blanks_after_commas(exports: Exports):
    """The same fields with blanks after the commas give the same rows."""
    expect_accepted(exports, "spaced")
    exports.known("selected")
    wanted, found = (Counter(exports.records(kind)) for kind in ("selected", "spaced"))
    exports.relate("spaced", found == wanted, "the rows are those without blanks", difference(found, wanted))


@requirement("EXP-ROWS-013")
@pytest.mark.usefixtures("paths")
def test_a_blank_list(exports: Exports):
    """A blank list of fields gives the same rows as none."""
    wanted, found = (Counter(exports.records(kind)) for kind in ("everything", "blank"))
    exports.relate("blank", found == wanted, "the rows are those of every field", difference(found, wanted))


def of_namespace(records: tuple[Record, ...], namespace: str) -> Counter[frozenset[tuple[str, str]]]:
    """How often a profile has the same identities of a namespace, where it has some."""
    mine = (frozenset(pair for pair in record.identities if pair[0] == namespace) for record in records)
    return Counter(identities for identities in mine if identities)


@requirement("EXP-ROWS-014")
def test_a_key_of_a_map(exports: Exports):
    """A path that goes on behind identityMap selects the identities of that namespace."""
    spaces = Counter(namespace for record in exports.known() for namespace, _ in record.identities)
    if len(spaces) < 2:
        not_applicable("the tenant's profiles have identities of one namespace only")
    namespace = min(spaces, key=lambda name: (-spaces[name], name))
    exports.ask({"by key": exports.request(fields=f"identityMap.{namespace}")})
    expect_accepted(exports, "by key")
    found, wanted = (of_namespace(exports.records(kind), namespace) for kind in ("by key", "everything"))
    exports.relate("by key", found == wanted, f"the identities of {namespace} are there", difference(found, wanted))
    others = sorted({name for record in exports.records("by key") for name, _ in record.identities} - {namespace})
    Shown(exports.finished("by key")).expect(not others, f"only identities of {namespace} are there", others)
