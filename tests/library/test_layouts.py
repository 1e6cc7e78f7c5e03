import pytest

from tests.checkpoints import write_folder
from webui.core.kinds import MODEL_KINDS
from webui.library.layouts import FOLDERS, Shelf, shelves, shelves_of


def make(root, *folders: str) -> None:
    for folder in folders:
        (root / folder).mkdir(parents=True)


def told(root) -> set[tuple[str, str | None]]:
    return {(one.folder.relative_to(root).as_posix(), one.kind) for one in deep(root)}


def deep(root) -> list[Shelf]:
    return [shelf for shelf in shelves([root]) if shelf.deep]


def test_our_own_folders(tmp_path):
    make(tmp_path, *(names[0] for names in FOLDERS.values()), "something else")
    assert told(tmp_path) == {(names[0], kind) for kind, names in FOLDERS.items()}
    assert [shelf.kind for shelf in deep(tmp_path)] == list(FOLDERS)
    assert set(MODEL_KINDS) == {*FOLDERS, "unknown"}


PROGRAMS = {
    "A1111 and Forge": {
        "models/Stable-diffusion": "checkpoint",
        "models/Lora": "lora",
        "models/VAE": "vae",
        "models/ESRGAN": "upscaler",
        "models/text_encoder": "text_encoder",
        "models/ControlNet": "controlnet",
        "embeddings": "embedding",
        "extensions/sd-webui-controlnet/models": "controlnet",
    },
    "ComfyUI": {
        "models/checkpoints": "checkpoint",
        "models/loras": "lora",
        "models/embeddings": "embedding",
        "models/vae": "vae",
        "models/controlnet": "controlnet",
        "models/upscale_models": "upscaler",
        "models/clip": "text_encoder",
        "models/text_encoders": "text_encoder",
        "models/unet": "diffusion_model",
        "models/diffusion_models": "diffusion_model",
        "models/clip_vision": "image_encoder",
        "models/ipadapter": "ip_adapter",
    },
    "InvokeAI 5": {
        "models/sdxl/main": "checkpoint",
        "models/sd-1/lora": "lora",
        "models/sd-2/embedding": "embedding",
        "models/any/clip_vision": "image_encoder",
        "autoimport/lora": "lora",
    },
    "InvokeAI 6": {
        "models/0f5ca02e-8a4e-4b8a-8c3f-0b1f6d3f5a11": None,
    },
    "SD.Next": {
        "models/Stable-diffusion": "checkpoint",
        "models/Diffusers": "checkpoint",
        "models/Lora": "lora",
        "models/UNET": "diffusion_model",
        "models/Text-encoder": "text_encoder",
        "models/embeddings": "embedding",
    },
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_folders_of_the_peers(tmp_path, program):
    wanted = PROGRAMS[program]
    make(tmp_path, *wanted, "outputs/txt2img", "models/VAE-approx", "models/.cache")
    assert told(tmp_path) == set(wanted.items())


def test_files_beside_the_folders_are_found_too(tmp_path):
    make(tmp_path, "models/loras")
    shallow = [shelf.folder for shelf in shelves([tmp_path]) if not shelf.deep]
    assert shallow == [tmp_path, tmp_path / "models"]


def test_any_other_folder_is_one_shelf(tmp_path):
    make(tmp_path, "my files/sub", "Lora")
    assert told(tmp_path / "my files") == {(".", None)}
    assert shelves([tmp_path / "Lora"]) == (Shelf(tmp_path / "Lora", "lora"),)
    assert shelves([tmp_path / "absent"]) == ()
    assert shelves_of([tmp_path], "lora") == (tmp_path / "Lora",)


def test_a_folder_that_is_named_twice_is_one_shelf(tmp_path):
    make(tmp_path, "loras")
    once = (Shelf(tmp_path / "loras", "lora"), Shelf(tmp_path, deep=False))
    assert shelves([tmp_path, tmp_path]) == once


def test_the_folders_that_comfyui_was_told_of(tmp_path):
    make(tmp_path, "comfy/models/checkpoints", "big/Lora", "big/LyCORIS", "big/odd")
    (tmp_path / "comfy" / "extra_model_paths.yaml").write_text(
        "a111:\n"
        "    base_path: ../big/\n"
        "    is_default: true\n"
        "    loras: |\n"
        "         Lora\n"
        "         LyCORIS\n"
        "         absent\n"
        "    configs: odd\n"
        "    vae:\n"
        f"other:\n    checkpoints: {tmp_path.as_posix()}/big/odd\n"
        "empty:\n",
        encoding="utf-8",
    )
    found = {(one.folder.resolve(), one.kind) for one in deep(tmp_path / "comfy")}
    assert found == {
        (tmp_path / "comfy" / "models" / "checkpoints", "checkpoint"),
        (tmp_path / "big" / "Lora", "lora"),
        (tmp_path / "big" / "LyCORIS", "lora"),
        (tmp_path / "big" / "odd", "checkpoint"),
    }


@pytest.mark.parametrize(
    "text", ["{", "- a\n- b", "a: [1]", "a: {loras: {x: y}}", "\0", "a: &a *a"]
)
def test_a_strange_list_of_folders_is_left_alone(tmp_path, text):
    (tmp_path / "extra_model_paths.yaml").write_text(text, encoding="utf-8")
    assert shelves([tmp_path]) == (Shelf(tmp_path),)


def test_a_folder_that_two_paths_lead_to_is_one_shelf(tmp_path):
    make(tmp_path, "loras")
    try:
        (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert shelves([tmp_path, tmp_path / "link"]) == shelves([tmp_path])


@pytest.mark.parametrize("name", ["\0", "a\0b", "x" * 10_000])
def test_names_that_no_folder_can_have(tmp_path, name):
    assert shelves([tmp_path / name]) == ()


def test_a_model_in_a_folder_is_one_shelf(tmp_path):
    write_folder(tmp_path)
    assert shelves([tmp_path]) == (Shelf(tmp_path),)
