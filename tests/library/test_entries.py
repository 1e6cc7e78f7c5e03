from pathlib import Path

import pytest

from webui.core.errors import UserError
from webui.library.entries import Listing, distinct, kind_of, plain
from webui.library.index import Hashed
from webui.library.layouts import Shelf
from webui.library.places import Place
from webui.library.sidecars import Said
from webui.library.telling import Model, Told


def place(name: str, kind: str | None = None, format: str = "safetensors", **more) -> Place:
    path = Path("/models") / f"{name}.{format}"
    size, modified = more.pop("size", 1), more.pop("modified", 1)
    stamps = ((size, modified * 10**9),)
    return Place(Shelf(Path("/models"), kind), path, format, (path,), stamps, **more)


LORA = Told(kind="lora", family="sd1")
FOUND = [
    (
        place("Dog_v2", size=3, modified=2),
        LORA.model_copy(
            update={"alias": "sks dog", "said": Said(title="My Dog", trigger_words=("bark",))}
        ),
    ),
    (place("animals/żółw", size=1, modified=3), LORA),
    (place("cat", size=2, modified=1), LORA.model_copy(update={"family": "sdxl"})),
    (place("dog", "embedding", "pt"), Told(kind="embedding")),
]
HASHES = {str(FOUND[2][0].path): Hashed((2, 10**9), "ab" * 32, "cd" * 32)}


@pytest.fixture
def listing() -> Listing:
    return Listing(FOUND, HASHES, {})


def names(page) -> list[str]:
    return [entry.name for entry in page.entries]


def test_pages(listing):
    page = listing.page("lora", limit=2)
    assert (page.total, names(page)) == (3, ["animals/żółw", "cat"])
    assert names(listing.page("lora", offset=2, limit=2)) == ["Dog_v2"]
    assert names(listing.page("lora", offset=9)) == []
    assert len(listing.page(limit=None).entries) == 4
    assert listing.page(limit=0).entries == () and listing.page(limit=0).total == 4


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("name", ["animals/żółw", "cat", "Dog_v2"]),
        ("newest", ["animals/żółw", "Dog_v2", "cat"]),
        ("oldest", ["cat", "Dog_v2", "animals/żółw"]),
        ("largest", ["Dog_v2", "cat", "animals/żółw"]),
        ("smallest", ["animals/żółw", "cat", "Dog_v2"]),
    ],
)
def test_orders(listing, sort, wanted):
    assert names(listing.page("lora", sort=sort)) == wanted


@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        ("dog", ["dog", "Dog_v2"]),
        ("BARK my", ["Dog_v2"]),
        ("sks", ["Dog_v2"]),
        ("ŻÓŁW", ["animals/żółw"]),
        ("żo\u0301łw", ["animals/żółw"]),
        ("animals\\", ["animals/żółw"]),
        ("sdxl", ["cat"]),
        ("safetensors dog", ["Dog_v2"]),
        ("dog cat", []),
        ("[", []),
        ("  ", ["animals/żółw", "cat", "dog", "Dog_v2"]),
    ],
)
def test_search(listing, search, wanted):
    assert names(listing.page(search=search)) == wanted


def test_counts_are_of_what_the_search_finds(listing):
    page = listing.page("lora", family="sdxl")
    assert (page.total, page.kinds) == (1, {"lora": 3, "embedding": 1})
    assert page.families == {"sd1": 2, "sdxl": 1}
    assert listing.page(search="dog").kinds == {"lora": 1, "embedding": 1}
    assert names(listing.page(family="")) == ["dog"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Dog_v2", "Dog_v2"),
        ("dog_V2.safetensors", "Dog_v2"),
        ("SKS DOG", "Dog_v2"),
        ("my dog", "Dog_v2"),
        ("żółw", "animals/żółw"),
        ("animals\\Żółw", "animals/żółw"),
        ("ab" * 5, "cat"),
        ("CD" * 6, "cat"),
        ("ab" * 32, "cat"),
        ("dog", None),
        ("", None),
        ("../models/cat", None),
        ("/models/cat.safetensors", None),
    ],
)
def test_any_name_people_use(listing, name, found):
    row = listing.find("lora", name)
    assert (row and row.name) == found
    if row:
        assert listing.find("lora", row.id) is row and listing.by_id[row.id] is row


def test_the_exact_name_counts_more_than_an_alias():
    alias = LORA.model_copy(update={"alias": "b"})
    listing = Listing([(place("a"), alias), (place("b"), LORA)], {}, {})
    row = listing.find("lora", "b")
    assert row and row.name == "b"


def test_of_two_with_one_name_the_usable_one():
    problem = UserError("model_damaged", file="x").problem
    broken = LORA.model_copy(update={"problem": problem})
    listing = Listing([(place("a/x"), broken), (place("b/x"), LORA)], {}, {})
    row = listing.find("lora", "x")
    assert row and row.name == "b/x"
    assert listing.page(search="a/x").entries[0].problem == problem


def test_hashes_of_a_file_as_it_is_now():
    (here,) = Listing(FOUND[2:3], HASHES, {}).page().entries
    assert (here.hash, here.autov3) == ("ab" * 5, "cd" * 6)
    changed = [(place("cat", size=2, modified=2), LORA)]
    (now,) = Listing(changed, HASHES, {}).page().entries
    assert (now.hash, now.autov3, now.sha256) == (None, None, None)


def test_names_of_a_kind_are_distinct_and_of_checkpoints_given():
    found = [(place("a"), LORA), (place("A", format="pt"), LORA), (place("a", format="bin"), LORA)]
    assert names(Listing(found, {}, {}).page()) == ["a", "a.bin", "A.pt"]
    one = place("x")
    told = Told(kind="checkpoint", model=Model(family="sd2", variant="inpaint"))
    (entry,) = Listing([(one, told)], {}, {one: "x (2)"}).page().entries
    assert (entry.name, entry.family, entry.variant) == ("x (2)", "sd2", "inpaint")
    assert list(distinct([place("a"), place("a"), place("a")])) == [
        *("a", "a.safetensors", "a (2)"),
    ]


def test_a_picture_has_another_mark_when_it_changes():
    stamps = ((1, 1), (5, 5)), ((1, 1), (5, 6))
    marks = [
        Listing([(Place(Shelf(Path("/m")), Path("/m/a.pt"), "pt", (Path("/m/a.pt"),), at,
                        preview="a.png"), LORA)], {}, {}).page().entries[0].preview
        for at in stamps
    ]  # fmt: skip
    assert None not in marks and marks[0] != marks[1]
    assert Listing(FOUND, {}, {}).page().entries[0].preview is None


@pytest.mark.parametrize(
    ("told", "promised", "format", "kind"),
    [
        (Told(kind="lora"), "checkpoint", "safetensors", "lora"),
        (Told(), "upscaler", "pth", "upscaler"),
        (Told(), "upscaler", "safetensors", "upscaler"),
        (Told(), None, "safetensors", "unknown"),
        (Told(), "checkpoint", "safetensors", "unknown"),
        (Told(), "checkpoint", "ckpt", "checkpoint"),
        (Told(problem=UserError("model_damaged", file="x").problem), "checkpoint", "safetensors",
         "checkpoint"),
        (Told(problem=UserError("model_damaged", file="x").problem), None, "safetensors",
         "unknown"),
        (Told(kind="image_encoder"), "annotator", "pth", "annotator"),
    ],
)  # fmt: skip
def test_what_the_folder_promises_counts_where_the_header_says_nothing(
    told, promised, format, kind
):
    assert kind_of(place("x", promised, format), told) == kind


def test_names_are_compared_alike():
    assert plain("A\\Żo\u0301") == plain("a/żó") == "a/żó"
