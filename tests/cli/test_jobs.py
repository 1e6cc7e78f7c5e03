import json

import pytest

from tests.doors import Client
from webui.cli import jobs
from webui.cli.parser import read_arguments
from webui.core.paths import Paths


def shell(paths: Paths, *arguments: str) -> int:
    return jobs.run(read_arguments(["--data-dir", str(paths.data), "jobs", *arguments]), "en")


def test_the_newest_jobs_are_listed(server: str, client: Client, paths: Paths, capsys):
    job = client.finished(client.submit("a\nvery red apple " + "x" * 100)["id"])
    assert shell(paths, "list", "--limit", "1") == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{job['id']}  finished  ") and "  1/1  a very red apple xxx" in line
    assert shell(paths, "list", "--limit", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out) == job


def test_one_is_shown_with_its_files(server: str, client: Client, paths: Paths, capsys):
    job = client.finished(client.submit("an apple", batch_count=2)["id"])
    assert shell(paths, "show", job["id"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines[1:]] == [one["file"] for one in job["pictures"]]


def test_one_is_cancelled(server: str, client: Client, paths: Paths, capsys):
    job = client.submit("a slow apple")
    assert shell(paths, "cancel", job["id"]) == 0
    assert capsys.readouterr().out.startswith(job["id"])
    assert client.finished(job["id"])["state"] == "cancelled"


def test_why_one_failed(server: str, client: Client, paths: Paths, capsys):
    job = client.finished(client.submit("a broken apple")["id"])
    shell(paths, "show", job["id"])
    assert "the prompt said so" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["show", "cancel"])
def test_one_that_does_not_exist(server: str, paths: Paths, capsys, action: str):
    assert shell(paths, action, "nothing") == 1
    assert capsys.readouterr().err.startswith("webui: ")


def test_without_a_server_that_is_told(data_folder: Paths, capsys):
    assert shell(data_folder, "list") == 1
    assert "No server runs" in capsys.readouterr().err


def test_a_download_is_told_by_its_source(server: str, client: Client, paths: Paths, capsys):
    values = {"kind": "download", "source": "http://127.0.0.1:9/some/old/file"}
    job = client.finished(client("POST", "/api/v1/jobs", json=values).json()["id"])
    shell(paths, "show", job["id"])
    told = capsys.readouterr().out
    assert values["source"] in told and "without encryption" in told
