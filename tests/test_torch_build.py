from pathlib import Path

import pytest

from webui.torch_build import cuda_build, gigabytes, graphics, nvidia_cards, output_of, torch_build


@pytest.mark.parametrize(
    ("driver", "card", "build"),
    [
        ((580, 65), (12, 0), "cu130"),  # RTX 5090
        ((580, 65), (8, 9), "cu130"),  # RTX 4090
        ((590, 44), (7, 5), "cu130"),  # RTX 2080, T4
        ((580, 65), (7, 0), "cu126"),  # V100: CUDA 13 has no code for Volta
        ((580, 65), (6, 1), "cu126"),  # GTX 1080
        ((580, 65), (5, 0), "cu126"),  # GTX 750 Ti
        ((580, 65), (3, 5), "cpu"),  # Kepler: no build since torch 2.0
        ((550, 144), (8, 6), "cu126"),  # a driver of CUDA 12
        ((528, 33), (8, 6), "cu126"),
        ((528, 32), (8, 6), "cpu"),  # a driver of CUDA 11
        ((470, 82), (6, 1), "cpu"),
        ((572, 16), (12, 0), "cu128"),  # Blackwell with a driver of CUDA 12
        ((572, 16), (8, 9), "cu126"),
    ],
)
def test_cuda_build(driver: tuple[int, ...], card: tuple[int, ...], build: str) -> None:
    assert cuda_build(driver, card) == build


@pytest.mark.parametrize(
    ("platform", "maker", "answer", "build"),
    [
        ("linux", "nvidia", "8.9, 580.65.06", "default"),  # the default index has the CUDA build
        ("win32", "nvidia", "8.9, 580.65", "cu130"),  # and for Windows only the CPU's
        ("linux", "nvidia", "6.1, 580.65.06", "cu126"),
        ("win32", "nvidia", "6.1, 580.65", "cu126"),
        ("linux", "nvidia", "6.1, 580.65.06\n8.6, 580.65.06", "default"),  # the best card counts
        ("linux", "nvidia", "3.5, 470.82.01", "cpu"),
        ("win32", "nvidia", "3.5, 470.82", "default"),
        ("linux", "nvidia", "", "default"),  # a driver that does not answer
        ("win32", "nvidia", "", "cu130"),
        ("linux", "amd", "", "auto"),
        ("win32", "amd", "", "default"),
        ("linux", "", "", "cpu"),
        ("win32", "", "", "default"),
        ("darwin", "", "", "default"),
        ("darwin", "amd", "", "default"),
    ],
)
def test_torch_build(platform: str, maker: str, answer: str, build: str) -> None:
    assert torch_build(platform, maker, lambda _: answer) == build


def test_nvidia_cards() -> None:
    answer = "[N/A], 580.65.06\n8.6, 580.65.06\n12.0, 580.65.06"
    assert nvidia_cards(lambda _: answer) == [((8, 6), (580, 65)), ((12, 0), (580, 65))]
    assert nvidia_cards(lambda _: "") == []


def test_an_empty_answer_is_no_command() -> None:
    assert output_of(["no-such-command-anywhere"]) == ""


def test_graphics(monkeypatch: pytest.MonkeyPatch) -> None:
    files, commands = set[str](), set[str]()
    monkeypatch.setattr("webui.torch_build.shutil.which", lambda name: name in commands)
    monkeypatch.setattr("webui.torch_build.os.path.exists", lambda path: path in files)
    assert graphics() == ""
    commands.add("rocminfo")
    assert graphics() == "amd"
    files.add("/proc/driver/nvidia/version")
    assert graphics() == "nvidia"
    assert (files.clear(), graphics()) == (None, "amd")


@pytest.mark.parametrize(
    ("build", "platform", "room"),
    [
        ("default", "linux", 8),
        ("default", "darwin", 3),
        ("default", "win32", 3),
        ("cu126", "win32", 8),
        ("cpu", "linux", 3),
        ("auto", "linux", 16),
        ("rocm7.2", "linux", 16),
    ],
)
def test_gigabytes(build: str, platform: str, room: int) -> None:
    assert gigabytes(build, platform) == room


def test_reads_on_old_pythons() -> None:
    import ast

    import webui.torch_build

    source = Path(webui.torch_build.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
