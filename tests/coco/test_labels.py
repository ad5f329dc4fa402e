"""Categories of one name are told apart, and a label is never another category's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmark_n.coco import Category
from benchmark_n.coco.labels import category_labels, namesakes

names = st.sampled_from(["cat", "cat (1)", "cat (1) (1)", "cat (2)", "", "1", "2", "dog", " cat"])
categories = st.dictionaries(st.integers(1, 6), names, max_size=6).map(
    lambda given: {i: Category(i, name) for i, name in given.items()}
)


@given(given=categories)
def test_each_label_once_in_the_files_order(given: dict[int, Category]) -> None:
    labels = category_labels(given)
    assert list(labels) == list(given)
    assert len(set(labels.values())) == len(given)
    for i, label in labels.items():
        plain = given[i].name.strip() or str(i)
        assert label.startswith(plain)
        alone = sum((c.name.strip() or str(j)) == plain for j, c in given.items()) == 1
        if alone and not any(other.startswith(f"{plain} (") for other in labels.values()):
            assert label == plain


@given(given=categories)
def test_namesakes_by_brute_force(given: dict[int, Category]) -> None:
    found = namesakes(given)
    for i, category in given.items():
        name = category.name.strip()
        others = [j for j, c in given.items() if name and c.name.strip() == name]
        assert list(found.get(i, ())) == (others if len(others) > 1 else [])


def test_a_name_that_looks_like_a_label() -> None:
    given = {i: Category(i, name) for i, name in ((1, "cat"), (2, "cat"), (3, "cat (1)"))}
    assert category_labels(given) == {1: "cat (1) (1)", 2: "cat (2)", 3: "cat (1) (3)"}
