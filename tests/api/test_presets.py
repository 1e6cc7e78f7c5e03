"""Well-known models, models defined in files, and what suits a model, over the API."""

from __future__ import annotations

from tests.checkpoints import write_weights
from tests.doors import Client
from tests.library.test_downloads import LORA
from webui.core.download import Download
from webui.core.paths import Paths
from webui.jobs.services import Services


def test_the_well_known_are_listed_and_found(client: Client) -> None:
    models = client.get("/known-models?search=lightning&kind=lora")["models"]
    assert [one["name"] for one in models] == ["lightning-4-lora", "lightning-8-lora"]
    assert models[0]["here"] is None and models[0]["licence"]
    assert client("GET", "/api/v1/known-models?kind=nothing").status_code == 422


def test_one_that_is_there_says_so(client: Client, paths: Paths) -> None:
    file = write_weights(paths.models / "loras" / "sdxl_lightning_8step_lora.safetensors", LORA)
    client.get("/models?fresh=true")
    try:
        models = client.get("/known-models?search=lightning-8")["models"]
        found = client.get(f"/models/lora/{models[0]['here']}")
        assert found["path"] == str(file)
    finally:
        file.unlink()
        client.get("/models?fresh=true")


def test_a_download_takes_a_name_of_the_list(services: Services) -> None:
    request = services.jobs._accept({"kind": "download", "source": "sdxl-vae-fp16-fix"})  # pyright: ignore
    assert isinstance(request, Download)
    assert request.source == "madebyollin/sdxl-vae-fp16-fix/sdxl_vae.safetensors"
    assert (request.to, request.file_name) == ("vae", "sdxl-vae-fp16-fix")


def test_an_unknown_name_is_still_none(client: Client) -> None:
    answer = client("POST", "/api/v1/jobs", json={"kind": "download", "source": "sdxl-nothing"})
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, "download_unknown")
