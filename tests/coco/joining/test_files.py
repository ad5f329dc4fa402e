"""Images and categories of two files: whatever their ids, the same thing is found."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark_n.coco.joining import join_files
from benchmark_n.errors import InputError
from tests.coco.joining.documents import Document, document, parsed, renumbered

BOXES = [(0, 0, [2, 2, 10, 10]), (0, 1, [20, 2, 10, 10]), (1, 1, [2, 2, 10, 10])]
NAMES: list[str | None] = ["a.png", "b.png", "c.png"]


def made(names: list[str | None] = NAMES, categories: list[str] | None = None) -> Document:
    return document(names, ["cat", "dog"] if categories is None else categories, BOXES)


def join(first: Document, second: Document, match: str = "auto") -> Any:
    return join_files(parsed(first, "clean.json"), parsed(second, "noisy.json"), match)


def meaning(joined: Any) -> list[tuple[int, int]]:
    """Image and category of each annotation, by the first file's ids."""
    coco = joined.coco
    assert {image.id for image in coco.images.values()} == set(coco.images)
    return list(zip(coco.image_ids.tolist(), coco.category_ids.tolist(), strict=True))


def refusal(first: Document, second: Document, match: str = "auto") -> str:
    with pytest.raises(InputError) as error:
        join(first, second, match)
    text = str(error.value)
    assert "\n" not in text
    return text


TRUTH = [(1, 1), (1, 2), (2, 2)]


@pytest.mark.parametrize(
    "second",
    [
        renumbered(made(), images={1: 0, 2: 1, 3: 2}),
        renumbered(made(), images={1: 3, 3: 1}, categories={1: 2, 2: 1}),
        renumbered(made(), categories={1: 90, 2: 0}),
        made(["images/a.png", "images/b.png", "images/c.png"]),
        made(["C:\\data\\a.png", "C:\\data\\b.png", "C:\\data\\c.png"]),
        made(categories=["Cat ", "DOG"]),
        renumbered(made(categories=["CAT", "dog"]), categories={1: 2, 2: 1}),
        {**made(), "categories": [{"id": 2}, {"id": 1, "name": ""}]},
        made([None, None, None]),
    ],
)
def test_the_same_under_other_ids_and_names(second: Document) -> None:
    assert meaning(join(made(), second)) == TRUTH
    assert meaning(join(second, made())) == [
        (record["image_id"], record["category_id"]) for record in second["annotations"]
    ]


def test_what_it_went_by_is_recorded() -> None:
    record = join(made(), made()).record
    assert record == {
        "images": "file name",
        "categories": "name",
        "images_lacking": 0,
        "categories_unused": [],
    }
    nameless = {**made([None] * 3), "categories": [{"id": 1}, {"id": 2}]}
    record = join(made(), nameless).record
    assert (record["images"], record["categories"]) == ("id", "id")
    mixed = made(["a.png", None, "c.png"])
    assert join(made(), mixed).record["images"] == "file name and id"
    assert join(made(), made(["x/a.png", "y/b.png", "c.png"])).record["images"] == "base name"


def test_as_much_of_a_name_as_agrees() -> None:
    """Frames of sequences have one base name each: their folders tell them apart."""
    first = made(["JPEG/480p/bear/0.jpg", "JPEG/480p/camel/0.jpg", "JPEG/480p/dog/0.jpg"])
    second = renumbered(made(["bear/0.jpg", "camel/0.jpg", "dog/0.jpg"]), images={1: 2, 2: 1})
    joined = join(first, second)
    assert meaning(joined) == TRUTH
    assert join(second, first).record["images"] == "the last 2 parts of the file name"


def test_names_of_decomposed_letters_are_the_same() -> None:
    # File names copied from macOS: e and an accent in place of one letter.
    first, second = made(["caf\u00e9.png", "b", "c"]), made(["cafe\u0301.png", "b", "c"])
    assert meaning(join(first, second)) == TRUTH


def test_base_names_twice_are_refused() -> None:
    first = made(["x/1.png", "y/1.png", "c.png"])
    second = made(["p/1.png", "q/1.png", "c.png"])
    text = refusal(first, second)
    assert text.startswith("clean.json: images 1 'x/1.png' and 2 'y/1.png' cannot be told apart")
    assert "`match='all-ids'`" in text
    assert meaning(join(first, second, "all-ids")) == TRUTH
    twice = made(["a.png", "a.png", "c.png"])
    assert "noisy.json: images 1 'a.png' and 2 'a.png'" in refusal(made(), twice)


def test_resized_and_turned_pictures_are_refused() -> None:
    for match in ("auto", "all-ids"):
        second = made()
        for image in second["images"][:2]:
            image |= {"width": 32, "height": 24}
        text = refusal(made(), second, match)
        assert text.startswith(
            "noisy.json: image 1 'a.png' is 32x24 px, but 64x48 px in clean.json (2 such): masks of"
            " resized pictures"
        )
    second = made()
    second["images"][2] |= {"width": 48, "height": 64}
    assert "image 3 'c.png' is 48x64 px, but 64x48 px" in refusal(made(), second)
    assert "turned pictures" in refusal(made(), second)


def test_images_and_categories_of_one_file_alone(caplog: pytest.LogCaptureFixture) -> None:
    second = made(["a.png", "b.png", "z.png"])
    assert refusal(made(), second).startswith("noisy.json: image 3 'z.png' is not in clean.json")
    fewer = made()
    del fewer["images"][2]
    caplog.clear()
    assert join(made(), fewer).record["images_lacking"] == 1
    assert "noisy.json: has 2 of the 3 images of clean.json" in caplog.text
    bird = made(categories=["cat", "bird"])
    assert "noisy.json: category 'bird' (id 2) is not in clean.json" in refusal(made(), bird)
    unused = made()
    unused["categories"].insert(0, {"id": 0, "name": "things-and-stuff"})
    joined = join(made(), unused)
    assert joined.record["categories_unused"] == ["things-and-stuff"]
    assert meaning(joined) == TRUTH
    assert list(joined.coco.categories) == [1, 2]


def test_categories_of_one_name() -> None:
    two = made(categories=["cat", "cat"])
    assert meaning(join(two, two)) == TRUTH
    other = renumbered(two, categories={2: 7})
    assert "category 'cat' has the ids 1, 7, and 1, 2 in clean.json" in refusal(two, other)
    assert "category 'cat' has the ids 1, 2, and 1 in clean.json" in refusal(
        made(categories=["cat", "dog"]), two
    )
    # Not to be guessed: which of Cat and CAT is cat?
    both = made(categories=["Cat", "CAT"])
    lower = renumbered(made(categories=["cat", "dog"]), categories={1: 5, 2: 6})
    assert "category 'cat' has the ids 5, and 1, 2" in refusal(both, lower)


@pytest.mark.parametrize("name", ["\x1b[31mred\nsecond", "c" * 500])
def test_strange_names_keep_to_one_short_line(name: str) -> None:
    text = refusal(made(), made(categories=["cat", name]))
    assert "\x1b" not in text
    assert len(text) < 400
