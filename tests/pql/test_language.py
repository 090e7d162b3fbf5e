"""Profile Query Language: what is read, and what is refused with its place."""

from __future__ import annotations

import pytest

from pytest_aep_export.pql import InvalidPqlError, parse
from pytest_aep_export.pql.language import All, Compare, Either, Exists, Not, Path

WOMEN = Compare("=", Path(("person", "gender")), ("female",))
NEAR = Compare("in", Path(("homeAddress", "countryCode")), ("US", "CA"))
OLD = Compare("<=", Path(("person", "birthYear")), (1950,))
SEEN = Compare("=", Path(("eventType",), event=True), ("seen",))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('person.gender = "female"', WOMEN),
        (' $1.person.gender="female" ', WOMEN),
        ('homeAddress.countryCode in ["US", "CA"]', NEAR),
        ("person.birthYear <= 1950", OLD),
        ("a > -1.5", Compare(">", Path(("a",)), (-1.5,))),
        ("a != TRUE", Compare("!=", Path(("a",)), (True,))),
        (r'a = "say \"x\" \\"', Compare("=", Path(("a",)), ('say "x" \\',))),
        ('not person.gender = "female" and person.birthYear <= 1950', All((Not(WOMEN), OLD))),
        (
            'person.birthYear <= 1950 or person.gender = "female" AND person.birthYear <= 1950',
            Either((OLD, All((WOMEN, OLD)))),
        ),
        ('(person.birthYear <= 1950 or person.gender = "female")', Either((OLD, WOMEN))),
        ("exists E from xEvent", Exists(None)),
        ('exists E from xEvent where E.eventType = "seen"', Exists(SEEN)),
        ('exists E from xEvent : (E.eventType = "seen") and person.birthYear <= 1950', Exists(All((SEEN, OLD)))),
        ('(exists E from xEvent : E.eventType = "seen") and person.birthYear <= 1950', All((Exists(SEEN), OLD))),
    ],
)
def test_what_is_read(text, tree):
    """Comparisons, lists, and, or and not in their order of binding, and events."""
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "expected the name of a field, found the end; nothing else is emulated"),
        ("a", 1, "expected one of = != < <= > >= in, found the end; nothing else is emulated"),
        ("a = b", 4, "expected a text, a number, true or false, found 'b'; nothing else is emulated"),
        ('"x" = a', 0, "expected the name of a field, found '\"x\"'; nothing else is emulated"),
        ("a = 1 b", 6, "expected and, or, or the end, found 'b'; nothing else is emulated"),
        ("(a = 1", 6, "expected ), found the end; nothing else is emulated"),
        ("a = 1 + 2", 6, "'+' is not emulated"),
        ('a = "x', 4, "'\"' is not emulated"),
        ("a. = 1", 3, "expected the name of a field, found '='; nothing else is emulated"),
        ("a.isNull() = true", 0, "the function isNull is not emulated"),
        ("a < true", 0, "true and false cannot be compared by <"),
        ('a in ["x", 1]', 12, "expected texts alone, or numbers, or booleans"),
        ("a in []", 6, "expected a text, a number, true or false, found ']'; nothing else is emulated"),
        ("a = 1234567890123456", 4, "expected a number of at most 15 characters"),
        ("xEvent = 1", 0, "expected the name of a field behind it"),
        ("exists E from xEvent where E = 1", 27, "expected the name of a field behind it"),
        ("exists E from organizations", 14, "expected xEvent, found 'organizations'; nothing else is emulated"),
        ("exists in from xEvent", 7, "expected a name for the event, found 'in'; nothing else is emulated"),
        (
            "exists E from xEvent where exists F from xEvent",
            27,
            "exists inside of exists is not emulated",
        ),
        ("not " * 101 + "a = 1", 400, "expected at most 100 levels"),
        ("a" * 10_001, 10_000, "expected at most 10000 characters"),
    ],
)
def test_what_is_refused(text, position, reason):
    """Everything else, with the place where it begins."""
    with pytest.raises(InvalidPqlError) as caught:
        parse(text)
    assert (caught.value.position, caught.value.reason) == (position, reason)
    assert str(caught.value) == f"at character {position}: {reason}"
