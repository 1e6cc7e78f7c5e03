from dataclasses import replace

import pytest

from webui.core.memory import Memory, Rung, Sizes, Work, estimate, lower, needed

GB = 10**9
XL = Sizes(text=int(1.6 * GB), longest=int(1.4 * GB), network=int(5.1 * GB), vae=int(0.17 * GB))
FLUX = Sizes(text=int(9.8 * GB), longest=int(9.5 * GB), network=int(23.8 * GB), vae=int(0.17 * GB))
SQUARE = Work(pixels=1024 * 1024)


def card(gigabytes: float, ram: float = 32, kind: str = "cuda") -> Memory:
    free, machine = int(gigabytes * GB), int(ram * GB)
    return Memory(kind=kind, free=free, total=free, ram_free=machine, ram_total=machine)


@pytest.mark.parametrize(
    ("sizes", "gigabytes", "place", "tile"),
    [
        (XL, 24, "device", None),
        (XL, 10, "device", 512),
        (XL, 8, "parts", None),
        (XL, 5, "layers", None),
        (XL, 2.5, "layers", 512),
        (FLUX, 48, "device", None),
        (FLUX, 28, "parts", None),
        (FLUX, 12, "layers", None),
    ],
)
def test_the_first_rung_that_fits(sizes, gigabytes, place, tile):
    found = estimate(sizes, SQUARE, card(gigabytes, ram=64))
    assert (found.rung.place, found.rung.tile, found.enough) == (place, tile, True)
    assert found.needed <= found.free == int(gigabytes * GB)


def test_8_bits_save_nothing_of_what_has_few_bits_already():
    packed = replace(XL, few=XL.network)
    assert needed(Rung(place="fp8"), packed, SQUARE, card(8)) > needed(
        Rung(place="parts"), packed, SQUARE, card(8)
    )
    half = replace(XL, few=XL.network // 2)
    saved = [needed(Rung(place="fp8"), sizes, SQUARE, card(8)) for sizes in (XL, half, packed)]
    assert saved == sorted(saved) and saved[0] < saved[2]


def test_all_on_the_device_is_no_measure_and_what_is_saved_is_told():
    assert estimate(XL, SQUARE, card(24)).measures == ()
    assert estimate(XL, SQUARE, card(2.5)).measures == ("layers", "tiled_vae")
    small = estimate(XL, SQUARE, card(8))
    assert small.whole > 8 * GB > small.needed


def test_where_the_machine_cannot_hold_the_layers_they_are_kept_in_8_bits():
    found = estimate(FLUX, SQUARE, card(16, ram=28))
    assert (found.rung.place, found.enough) == ("fp8", True)
    with_lora = estimate(FLUX, Work(pixels=1024 * 1024, adapters=True), card(16, ram=28))
    assert with_lora.rung.place != "fp8", "8 bits cannot tell what a LoRA changes"


def test_a_processor_computes_in_the_machines_memory_and_needs_no_measure():
    memory = card(16, ram=16, kind="cpu")
    found = estimate(XL, Work(pixels=512 * 512), memory)
    assert (found.rung, found.measures) == (Rung(place="cpu"), ())


def test_memory_that_is_shared_gains_nothing_from_moving():
    places = set()
    rung: Rung | None = Rung()
    memory = card(16, ram=16, kind="mps")
    while rung is not None:
        places.add(rung.place)
        rung = lower(rung, "sampling", SQUARE, memory)
    assert places == {"device", "fp8", "cpu"}


def test_where_nothing_fits_the_least_is_tried_and_said_so():
    found = estimate(FLUX, SQUARE, card(0.5, ram=4))
    assert not found.enough
    assert (found.rung.place, found.rung.tile) == ("layers", 512)


def test_a_budget_holds_back_what_others_are_to_have():
    free = card(24).within(25)
    assert free.free == 6 * GB
    assert estimate(XL, SQUARE, free).rung.place == "layers"


@pytest.mark.parametrize("kind", ["cuda", "mps", "cpu"])
@pytest.mark.parametrize("stage", ["encoding", "sampling", "decoding"])
@pytest.mark.parametrize("adapters", [False, True])
def test_every_way_down_ends_and_never_asks_for_more(kind, stage, adapters):
    memory = card(8, kind=kind)
    work = Work(pixels=1024 * 1024, pictures=4, adapters=adapters)
    rung: Rung | None = Rung(place=memory.usual)
    way = [rung]
    while (rung := lower(rung, stage, work, memory)) is not None:
        way.append(rung)
    assert 2 <= len(way) <= 9
    assert len(set(way)) == len(way)
    assert way[-1].place == "cpu"
    sums = [needed(one, XL, work, memory) for one in way if one.place != "cpu"]
    assert sums == sorted(sums, reverse=True)


def test_what_helps_where_it_ran_out_comes_first():
    memory = card(8)
    batch = Work(pixels=1024 * 1024, pictures=4)
    assert lower(Rung(), "decoding", batch, memory) == Rung(tile=512)
    assert lower(Rung(), "decoding", Work(pixels=512 * 512), memory) == Rung(tile=256)
    apart = lower(Rung(), "sampling", batch, memory)
    assert apart == Rung(apart=True)
    assert lower(apart, "sampling", batch, memory) == Rung(place="parts", apart=True)
    assert lower(Rung(), "encoding", SQUARE, memory) == Rung(place="parts", tile=512)


def test_other_networks_count_while_the_models_own_is_called():
    led = replace(SQUARE, beside=int(2.5 * GB))
    assert estimate(XL, SQUARE, card(8)).rung.place == "parts"
    assert estimate(XL, led, card(8)).rung.place == "layers"
    for place in ("device", "parts", "layers"):
        more = needed(Rung(place=place), XL, led, card(8)) - needed(
            Rung(place=place), XL, SQUARE, card(8)
        )
        assert 0 < more <= 1.05 * led.beside + 1
    assert estimate(XL, led, card(5, ram=8)).enough is False, "they wait in the same memory"


def test_pictures_that_the_network_sees_beside_its_own_count_while_it_is_called():
    """Two as large as its own make a call three times as large, and no other stage larger."""

    def more(shown: int) -> int:
        return needed(Rung(), XL, replace(SQUARE, shown=shown), card(8)) - sum(
            (XL.text, XL.network, XL.vae)
        )

    larger = replace(SQUARE, pixels=3 * SQUARE.pixels)
    assert more(0) < more(2 * SQUARE.pixels) <= needed(Rung(), XL, larger, card(8))
    assert lower(Rung(), "decoding", replace(SQUARE, shown=9), card(8)) == lower(
        Rung(), "decoding", SQUARE, card(8)
    )
