"""From a name to a model in its place, with the words about it; or one sentence and nothing."""

import hashlib
import io
import json
import os
import pickle
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from tests.checkpoints import write_file, write_folder, write_weights
from tests.library.peer import Page, Peer, serving
from tests.library.test_fetching import QUICK, Follower, Given
from webui.core.download import Download
from webui.core.errors import UserError
from webui.core.settings import Settings
from webui.library.catalog import Catalog
from webui.library.downloads import PARTS, Downloads, Sites
from webui.library.recognition import recognise_folder
from webui.library.web import Waits

SECRET = "secret-token"
LORA = {"lora_unet_x.lora_up.weight": (4, 2), "lora_unet_x.lora_down.weight": (2, 4)}


class Bench(NamedTuple):
    peer: Peer
    folder: Path

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def bytes_of(self, kind: str) -> bytes:
        path = self.folder / kind
        if kind == "lora":
            return write_weights(path, LORA).read_bytes()
        return write_file(path).read_bytes()

    def get(
        self, source: str, follower: Follower | None = None, token: str = "", **more: Any
    ) -> Path:
        places = {"HF_ENDPOINT": self.peer.base, "CIVITAI_ENDPOINT": self.peer.base}
        downloads = Downloads(self.models, places, QUICK, Waits(1.0, 0.3))
        settings = Settings.model_validate({"hub_token": token, "civitai_token": token})
        request = Download(source=source, **more)
        return Path(downloads.run(request, follower or Follower(), settings))

    def fails(self, source: str, **more: Any) -> str:
        with pytest.raises(UserError) as caught:
            self.get(source, **more)
        assert SECRET not in caught.value.problem.model_dump_json()
        return caught.value.problem.code

    def files(self) -> set[str]:
        """All that lies among the models."""
        found = (path for path in self.models.rglob("*") if path.is_file())
        return {path.relative_to(self.models).as_posix() for path in found}

    def card(self, path: Path) -> Any:
        return json.loads(path.with_name(f"{path.stem}.easel.json").read_text("utf-8"))


@pytest.fixture
def bench(tmp_path: Path) -> Generator[Bench]:
    with serving() as peer:
        yield Bench(peer, tmp_path)


# -- any address


def test_a_file_goes_where_its_header_says(bench: Bench) -> None:
    data = bench.bytes_of("lora")
    url = bench.peer.put("/f/a/Nice%20LoRA.safetensors", data)
    path = bench.get(url)
    assert path == bench.models / "loras" / "Nice LoRA.safetensors"
    assert path.read_bytes() == data
    sha256 = hashlib.sha256(data).hexdigest()
    assert bench.card(path) == {"source": url, "sha256": sha256}
    assert bench.files() == {"loras/Nice LoRA.safetensors", "loras/Nice LoRA.easel.json"}


def test_a_folder_of_a_peer_is_used_where_it_is_there(bench: Bench) -> None:
    (bench.models / "Stable-diffusion").mkdir(parents=True)
    url = bench.peer.put("/f/a/x", bench.bytes_of("checkpoint"))
    assert bench.get(url) == bench.models / "Stable-diffusion" / "x.safetensors"


def test_names(bench: Bench) -> None:
    headers = {"content-disposition": 'attachment; filename="../e:vil?.ckpt"'}
    url = bench.peer.put("/f/a/1", bench.bytes_of("lora"), headers=headers)
    assert bench.get(url).name == "e_vil_.safetensors"
    assert bench.get(url).name == "e_vil_-1.safetensors", "nothing is written over"
    assert bench.get(url, file_name="mine", to="vae") == bench.models / "vae" / "mine.safetensors"
    other = bench.peer.put("/f/a/2", write_weights(bench.folder / "u", {"u": (1,)}).read_bytes())
    assert bench.get(other) == bench.models / "2.safetensors"


def test_a_hash_that_the_user_knows(bench: Bench) -> None:
    data = bench.bytes_of("lora")
    url = bench.peer.put("/f/a/x", data)
    assert bench.fails(url, sha256="0" * 64) == "download_hash"
    assert bench.files() == set()
    assert bench.get(url, sha256=hashlib.sha256(data).hexdigest()).exists()


def test_what_is_no_model_leaves_nothing(bench: Bench) -> None:
    data = bench.bytes_of("lora")
    pages = {
        "download_no_model": b"<!doctype html><title>Log in</title>" + b" " * 200,
        "model_cut_off": data[:-2],
        "model_damaged": data + b"more",
        "download_pickle": b"PK\x03\x04" + b"\0" * 100,
    }
    for code, body in pages.items():
        assert bench.fails(bench.peer.put("/f/a/x.safetensors", body)) == code
        assert bench.files() == set()


def test_pickles_are_taken_where_asked_for_if_they_are_weights_only(bench: Bench) -> None:
    def old(what: object) -> bytes:
        parts = (0x1950A86A20F9469CFC6C, 1001, {}, what, [])
        return b"".join(pickle.dumps(one, 2) for one in parts)

    url = bench.peer.put("/f/a/x.pt", old({"string_to_param": {"*": 1}}) + b"\0" * 99)
    assert bench.fails(url) == "download_pickle"
    assert bench.get(url, allow_pickle=True) == bench.models / "embeddings" / "x.pt"
    url = bench.peer.put("/f/a/y.pt", old(os.system) + b"\0" * 99)
    assert bench.fails(url, allow_pickle=True) == "model_pickle_foreign"
    assert not (bench.models / "embeddings" / "y.pt").exists()


def test_a_stopped_one_goes_on_and_an_old_one_is_forgotten(bench: Bench) -> None:
    data = write_weights(bench.folder / "big", {**LORA, "x": (200_000,)}).read_bytes()
    mark = {"etag": '"1"'}
    url = bench.peer.put("/f/a/x", data, headers=mark, paced=20_000)
    with pytest.raises(Given):
        bench.get(url, Follower(stop_at=100_000))
    assert all(name.startswith(PARTS) for name in bench.files())
    bench.peer.put("/f/a/x", data, headers=mark)
    assert bench.get(url).read_bytes() == data
    assert bench.peer.asked[-1].headers["range"].startswith("bytes=1")
    with pytest.raises(Given):
        bench.peer.put("/f/a/x", data, headers=mark, paced=20_000)
        bench.get(url, Follower(stop_at=100_000))
    old = time.time() - 8 * 24 * 3600
    for path in (bench.models / PARTS).iterdir():
        os.utime(path, (old, old))
    bench.peer.pages.clear()
    assert bench.fails(url) == "download_missing"
    assert bench.files() == {"loras/x.safetensors", "loras/x.easel.json"}


# -- the hub


def publish(bench: Bench, repository: str, files: dict[str, bytes], **told: Any) -> None:
    """A repository of the hub, at the commit `c1`; of large files it tells the hash."""
    siblings: list[dict[str, Any]] = []
    for path, data in files.items():
        one: dict[str, Any] = {"rfilename": path, "size": len(data)}
        if not path.endswith(".json"):
            one["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        siblings.append(one)
        target = bench.peer.put(f"/cdn/{repository}/{path}", data, headers={"etag": '"1"'})
        address = f"/{repository}/resolve/c1/{path}"
        bench.peer.put(address, status=302, headers={"location": target})
    answer = {"sha": "c1", "siblings": siblings, **told}
    path = f"/api/models/{repository}/revision/main?blobs=true"
    bench.peer.put(path, json.dumps(answer).encode())


def test_one_file_of_the_hub_with_its_licence_and_words(bench: Bench) -> None:
    data = bench.bytes_of("lora")
    told = {"license": "openrail", "instance_prompt": "sks dog"}
    files = {"pytorch_lora_weights.safetensors": data, "README.md": b"x"}
    publish(bench, "owner/nice-lora", files, cardData=told)
    path = bench.get("owner/nice-lora", token=SECRET)
    assert path == bench.models / "loras" / "nice-lora.safetensors"
    assert all(one.headers["authorization"] == f"Bearer {SECRET}" for one in bench.peer.asked)
    (entry,) = Catalog([bench.models], bench.folder / "none", bench.folder / "i").entries().entries
    assert (entry.licence, entry.trigger_words) == ("openrail", ("sks dog",))
    assert entry.source == f"{bench.peer.base}/owner/nice-lora"
    assert SECRET not in path.with_name("nice-lora.easel.json").read_text("utf-8")


def test_a_repository_that_lies_about_a_file(bench: Bench) -> None:
    publish(bench, "owner/x", {"x.safetensors": bench.bytes_of("lora")})
    bench.peer.put("/cdn/owner/x/x.safetensors", bench.bytes_of("checkpoint"))
    assert bench.fails("owner/x") == "download_size"
    changed = bench.bytes_of("lora")[:-1] + b"\x01"
    bench.peer.put("/cdn/owner/x/x.safetensors", changed)
    assert bench.fails("owner/x") == "download_hash"
    assert bench.fails("owner/x", sha256="0" * 64) == "download_hash"
    assert bench.files() == set()


def folder_files(bench: Bench) -> dict[str, bytes]:
    folder = write_folder(bench.folder / "made")
    (folder / "model_index.json").write_text(
        json.dumps(
            {
                "_class_name": "StableDiffusionPipeline",
                "unet": ["diffusers", "UNet2DConditionModel"],
                "vae": ["diffusers", "AutoencoderKL"],
                "text_encoder": ["transformers", "CLIPTextModel"],
                "tokenizer": ["transformers", "CLIPTokenizer"],
                "scheduler": ["diffusers", "PNDMScheduler"],
                "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
                "image_encoder": [None, None],
            }
        )
    )
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    full = files["unet/diffusion_pytorch_model.safetensors"]
    more = ("unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.bin")
    others = ("safety_checker/model.safetensors", "big.safetensors", "unet/onnx_model.bin")
    return {**files, **dict.fromkeys((*more, *others), full)}


def test_a_folder_of_the_hub_comes_with_what_is_needed(bench: Bench) -> None:
    publish(bench, "owner/some.model", folder_files(bench))
    follower = Follower()
    path = bench.get("owner/some.model", follower)
    assert path == bench.models / "checkpoints" / "some.model"
    weights = {one.relative_to(path).as_posix() for one in path.rglob("*.safetensors")}
    assert weights == {
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    }
    assert recognise_folder(path).family == "sd1"
    assert {one.suffix for one in path.rglob("*") if one.is_file()} == {".json", ".safetensors"}
    done, total = follower.told[-1]
    assert done == total == sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    assert all(two[0] >= one[0] for one, two in zip(follower.told, follower.told[1:], strict=False))
    assert path.with_name("some.model.easel.json").exists()
    assert not list((bench.models / PARTS).iterdir())


def test_a_folder_goes_on_with_the_files_that_are_missing(bench: Bench) -> None:
    publish(bench, "owner/m", folder_files(bench))
    missing = bench.peer.pages.pop("/owner/m/resolve/c1/vae/diffusion_pytorch_model.safetensors")
    assert bench.fails("owner/m", precision="full") == "download_missing"
    assert all(name.startswith(PARTS) for name in bench.files())
    bench.peer.pages["/owner/m/resolve/c1/vae/diffusion_pytorch_model.safetensors"] = missing
    bench.peer.asked.clear()
    path = bench.get("owner/m", precision="full")
    assert (path / "unet" / "diffusion_pytorch_model.safetensors").exists()
    fetched = [one.path for one in bench.peer.asked if "/cdn/" in one.path]
    assert "/cdn/owner/m/unet/diffusion_pytorch_model.safetensors" not in fetched
    assert "/cdn/owner/m/vae/diffusion_pytorch_model.safetensors" in fetched


def test_what_is_there_is_not_fetched_again(bench: Bench) -> None:
    publish(bench, "owner/m", folder_files(bench))
    publish(bench, "owner/x", {"x.safetensors": bench.bytes_of("lora")})
    for source in ("owner/m", "owner/x"):
        first = bench.get(source)
        bench.peer.asked.clear()
        assert bench.get(source) == first
        assert not [one for one in bench.peer.asked if "/cdn/" in one.path and "index" not in one.path]  # noqa: E501  # fmt: skip
    assert bench.get("owner/m", precision="full").name == "m-1", "these are other files"
    assert bench.get("owner/x", file_name="y").name == "y.safetensors"
    (bench.models / "loras" / "x.safetensors").unlink()
    assert bench.get("owner/x").exists()


def test_switched_off_while_it_waited(bench: Bench) -> None:
    downloads = Downloads(bench.models, {})
    with pytest.raises(UserError) as caught:
        downloads.run(Download(source="a/b"), Follower(), Settings(downloads="off"))
    assert caught.value.problem.code == "downloads_off"


# -- civitai


def version(bench: Bench, data: bytes, sha256: str | None = None, **more: Any) -> dict[str, Any]:
    address = bench.peer.put("/api/download/models/34", data)
    file = {
        "name": "nice_v2.safetensors",
        "type": "Model",
        "primary": True,
        "downloadUrl": address,
        "hashes": {"SHA256": (sha256 or hashlib.sha256(data).hexdigest()).upper()},
    }
    return {"id": 34, "name": "v2", "trainedWords": ["nice"], "files": [file], **more}


def test_a_model_of_civitai_with_its_words_and_picture(bench: Bench) -> None:
    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    picture = bench.peer.put("/picture", png.getvalue())
    images = [{"url": "x", "type": "video"}, {"url": picture, "type": "image", "nsfwLevel": 1}]
    one = version(bench, bench.bytes_of("lora"), images=images)
    model = {"name": "Nice", "tags": ["t"], "allowNoCredit": True, "modelVersions": [one]}
    bench.peer.put("/api/v1/models/12", json.dumps(model).encode())
    bench.peer.put("/api/v1/model-versions/34", json.dumps({**one, "modelId": 12}).encode())
    for source in ("civitai:12", "civitai:12@34", "https://civitai.com/models/12/nice"):
        path = bench.get(source)
        assert path == bench.models / "loras" / "nice_v2.safetensors"
        assert path.with_name(f"{path.stem}.preview.png").read_bytes() == png.getvalue()
    catalog = Catalog([bench.models], bench.folder / "none", bench.folder / "i")
    entry = catalog.entries().entries[0]
    assert (entry.title, entry.trigger_words, entry.tags) == ("Nice – v2", ("nice",), ("t",))
    assert entry.licence == "allowNoCredit: True"
    assert entry.preview


@pytest.mark.parametrize("body", [b"<html>", b"\x89PNG\r\n\x1a\n broken", b""])
def test_a_bad_picture_does_no_harm(bench: Bench, body: bytes) -> None:
    images = [{"url": bench.peer.put("/picture", body)}]
    one = {**version(bench, bench.bytes_of("lora"), images=images), "modelId": 12}
    bench.peer.put("/api/v1/model-versions/34", json.dumps(one).encode())
    path = bench.get("civitai:12@34")
    assert path.exists()
    assert not list(path.parent.glob("*.preview.*"))


def test_a_file_of_civitai_that_is_another(bench: Bench) -> None:
    one = {**version(bench, bench.bytes_of("lora"), "0" * 64), "modelId": 12}
    bench.peer.put("/api/v1/model-versions/34", json.dumps(one).encode())
    assert bench.fails("civitai:12@34") == "download_hash"
    assert bench.files() == set()


def test_a_site_in_trouble_is_asked_again(bench: Bench) -> None:
    publish(bench, "owner/x", {"x.safetensors": bench.bytes_of("lora")})
    path = "/api/models/owner/x/revision/main?blobs=true"
    bench.peer.first(path, Page(status=503), Page(b"{", cut=1, claimed=9))
    assert bench.get("owner/x").exists()
    for status, code in ((401, "download_login"), (404, "download_missing")):
        bench.peer.put(path, status=status)
        assert bench.fails("owner/x", token=SECRET) == code


def test_other_sites_are_named_by_who_starts_the_server():
    assert Sites.of({}) == Sites()
    assert Sites.of({"HF_ENDPOINT": "https://m.example/"}).hub == "https://m.example"


def test_a_network_that_sees_is_a_folder_of_its_kind(bench: Bench) -> None:
    config = json.dumps({"architectures": ["DepthAnythingForDepthEstimation"]}).encode()
    weights = write_weights(bench.folder / "depth", {"neck.fusion_stage.x": (1,)}).read_bytes()
    files = {"config.json": config, "preprocessor_config.json": b"{}", "model.safetensors": weights}
    publish(bench, "owner/Depth-hf", {**files, "README.md": b"words"})
    path = bench.get("owner/Depth-hf")
    assert path == bench.models / "depth" / "Depth-hf"
    assert {one.name: one.read_bytes() for one in path.iterdir()} == files
    assert bench.get("owner/Depth-hf") == path
