"""An entry's details as lines: all of it in order, bounded, however deep it is."""

from pydantic import JsonValue

from nightlatch.entrypoints.console.entry_tree import DEEPEST, LONGEST_TEXT, MOST_LINES, differences, text_of, tree_of


def test_what_is_nested_is_indented_in_its_order() -> None:
    details: dict[str, JsonValue] = {"flow": {"id": "f", "steps": [{"needed": 2}, "any"]}, "start": None}

    assert list(tree_of(details).lines) == [
        (0, "flow", ""),
        (1, "id", "f"),
        (1, "steps", ""),
        (2, "1", ""),
        (3, "needed", "2"),
        (2, "2", "any"),
        (0, "start", "none"),
    ]


def test_it_is_as_deep_as_its_sender_likes() -> None:
    """H1: depth costs no more than length."""
    deep: JsonValue = "end"
    for _ in range(5_000):
        deep = [deep]

    tree = tree_of({"deep": deep})

    assert (len(tree.lines), tree.left_off) == (MOST_LINES, 5_001 - MOST_LINES)
    assert max(line.depth for line in tree.lines) == DEEPEST
    assert len(differences(deep, None)) == 1


def test_a_long_text_is_cut_and_says_how_long_it_is() -> None:
    assert text_of("x" * 100_000) == "x" * LONGEST_TEXT + "… (100,000 characters)"


def test_truth_and_nothing_are_words() -> None:
    values: list[JsonValue] = [True, False, None, [], {}, 0, ""]

    assert [text_of(value) for value in values] == [
        "yes",
        "no",
        "none",
        "none",
        "none",
        "0",
        "",
    ]


def test_only_what_differs_is_set_side_by_side() -> None:
    before: JsonValue = {"grant": {"maximum": "PT8H", "default": "PT1H"}, "tags": ["a"]}
    after: JsonValue = {"grant": {"maximum": "PT4H", "default": "PT1H"}, "tags": ["a", "b"]}

    assert differences(before, after) == [("grant.maximum", "PT8H", "PT4H"), ("tags.2", None, "b")]


def test_what_was_made_or_removed_is_told_in_full() -> None:
    assert differences(None, {"name": "Orders"}) == [("name", None, "Orders")]
    assert differences({"name": "Orders"}, None) == [("name", "Orders", None)]
