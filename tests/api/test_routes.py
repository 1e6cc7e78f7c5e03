import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doors import Client
from webui import __version__
from webui.core.requests import Txt2Img
from webui.core.sampling import SAMPLERS
from webui.core.settings import Settings
from webui.core.texts import catalogue
from webui.jobs.identity import COOKIE, new_cookie


def codes(response) -> list[str]:
    return [problem["code"] for problem in response.json()["problems"]]


def fields(response) -> set[str]:
    return {problem["field"] for problem in response.json()["problems"]}


def test_a_job_from_the_request_to_its_pictures(client: Client):
    submitted = client.submit("two red apples", seed=7, batch_count=2, width=64, height=64)
    assert submitted["state"] == "queued" or submitted["state"] == "running"
    assert submitted["request"]["seed"] == 7
    job = client.finished(submitted["id"])
    assert job["state"] == "finished"
    assert [picture["seed"] for picture in job["pictures"]] == [7, 8]
    assert job["pictures"][0]["infotext"].startswith("two red apples\n")
    listed = client.get("/jobs?limit=1")["jobs"]
    assert [one["id"] for one in listed] == [job["id"]]
    state = client.get("/state")
    assert state["jobs"][0]["id"] == job["id"]
    assert state["last"] >= 4 and state["worker"]["device"] == "fake"


def test_pictures_come_page_by_page(client: Client):
    job = client.finished(client.submit("pears", seed=1, batch_count=3, width=64, height=64)["id"])
    page = client.get(f"/jobs/{job['id']}/pictures?first=1&count=1")
    assert page == {"total": 3, "pictures": [job["pictures"][1]]}
    assert client.get(f"/jobs/{job['id']}/pictures")["pictures"] == job["pictures"]
    assert client.get(f"/jobs/{job['id']}/pictures?first=3") == {"total": 3, "pictures": []}
    assert client.get(f"/jobs/{job['id']}?pictures=false") == {**job, "pictures": []}
    assert client("GET", "/api/v1/jobs/none/pictures").status_code == 404


def test_older_jobs_come_page_by_page(client: Client):
    ids = [client.submit(f"apple {number}")["id"] for number in range(3)]
    first = client.get("/jobs?limit=2")["jobs"]
    second = client.get(f"/jobs?limit=1&before={first[-1]['id']}")["jobs"]
    assert [job["id"] for job in [*first, *second]] == ids[::-1]
    for id in ids:
        client.finished(id)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"width": 513}, "width"),
        ({"steps": 10**9}, "steps"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "  \n"}, "prompt"),
        ({"prompt": "x" * 1_000_000}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"cfg_scale": float("nan")}, "cfg_scale"),
        ({"cfg_scale": float("inf")}, "cfg_scale"),
        ({"sampler": "Nobody's"}, "sampler"),
        ({"schedule": 5}, "schedule"),
        ({"model": "../../etc/passwd"}, "model"),
        ({"seed": "x" * 5000}, "seed"),
        ({"seed": int("9" * 400)}, "seed"),
        ({"batch_size": 1.5}, "batch_size"),
        ({"image_format": "svg"}, "image_format"),
        ({"sampller": "Euler"}, "sampller"),
        ({"self": 1}, "self"),
        ({"extensions": {"nothing": {}}}, "extensions.nothing"),
    ],
)
def test_what_does_not_fit_is_one_sentence_that_names_the_field(client: Client, values, field):
    body = json.dumps({"prompt": "a red apple", **values})
    headers = {"content-type": "application/json"}
    response = client("POST", "/api/v1/jobs", content=body, headers=headers)
    assert response.status_code == 422, response.text
    assert fields(response) == {field}
    assert 10 < len(response.json()["problems"][0]["message"]) < 400


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "not_json"),
        (b"", "application/json", 400, "not_json"),
        (b"[1]", "application/json", 400, "not_json"),
        (b"null", "application/json", 400, "not_json"),
        (b'"\xff"', "application/json", 400, "not_json"),
        (b'{"prompt": "\\ud800"}', "application/json", 400, "not_json"),
        (b"[" * 100_000, "application/json", 400, "not_json"),
        (b'{"prompt": "x"}', "text/plain", 415, "not_json_type"),
        (b"prompt=x", "application/x-www-form-urlencoded", 415, "not_json_type"),
        (b"x" * 8_000_001, "application/json", 413, "body_too_large"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/jobs"), ("PATCH", "/settings")])
def test_a_body_that_is_no_object_of_json(client: Client, method, path, body, kind, status, code):
    headers = {"content-type": kind}
    response = client(method, f"/api/v1{path}", content=body, headers=headers)
    assert (response.status_code, codes(response)) == (status, [code])


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/jobs/nothing", "unknown_job"),
        ("GET", "/jobs/%C5%BC%00", "unknown_job"),
        ("POST", "/jobs/nothing/cancel", "unknown_job"),
        ("POST", "/jobs/nothing/skip", "unknown_job"),
        ("GET", "/jobs?before=nothing", "unknown_job"),
        ("GET", "/pictures/nothing", "unknown_picture"),
        ("GET", "/pictures/nothing/thumbnail", "unknown_picture"),
        ("GET", "/pictures/nothing/info", "unknown_picture"),
        ("GET", "/texts/tlh", "unknown_language"),
        ("GET", "/texts/..%2fen", "no_address"),
        ("POST", "/extensions/nothing/enable", "unknown_extension"),
        ("POST", "/extensions/nothing/disable", "unknown_extension"),
        ("GET", "/nothing", "no_address"),
        ("GET", "/", "no_address"),
        ("GET", "/jobs/", "no_address"),
        ("GET", "/docs", "no_address"),
    ],
)
def test_what_does_not_exist_is_unknown(client: Client, method, path, code):
    response = client(method, f"/api/v1{path}")
    assert (response.status_code, codes(response)) == (404, [code])


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/jobs"), ("PUT", "/settings")])
def test_what_an_address_does_not_do(client: Client, method, path):
    response = client(method, f"/api/v1{path}")
    assert (response.status_code, codes(response)) == (405, ["no_method"])


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/jobs?limit=0", "limit"),
        ("/jobs?limit=x", "limit"),
        ("/jobs?limit=100000", "limit"),
        ("/events?after=-1", "after"),
        ("/pictures/x/thumbnail?size=1000000", "size"),
    ],
)
def test_what_does_not_fit_in_an_address(client: Client, path, field):
    response = client("GET", f"/api/v1{path}")
    assert (response.status_code, fields(response)) == (422, {field})


def test_a_job_is_cancelled_and_what_is_over_stays_over(client: Client):
    job = client.submit("a slow apple", batch_count=3)
    response = client("POST", f"/api/v1/jobs/{job['id']}/cancel")
    assert response.status_code == 200
    assert client.finished(job["id"])["state"] == "cancelled"
    again = client("POST", f"/api/v1/jobs/{job['id']}/cancel")
    assert again.json()["state"] == "cancelled"


def test_each_browser_sees_its_own_jobs_and_programs_theirs(client: Client):
    jar = [{"cookie": f"{COOKIE}={new_cookie()}"} for _ in range(2)]
    ids = []
    for headers in jar:
        body = {"prompt": "an apple of my own"}
        ids.append(client("POST", "/api/v1/jobs", json=body, headers=headers).json()["id"])
    for headers, id in zip(jar, ids, strict=True):
        assert [job["id"] for job in client.get("/jobs", headers=headers)["jobs"]] == [id]
        assert [job["id"] for job in client.get("/state", headers=headers)["jobs"]] == [id]
        assert jar[0]["cookie"].partition("=")[2] not in client("GET", f"/api/v1/jobs/{id}").text
    assert not set(ids) & {job["id"] for job in client.get("/jobs?limit=500")["jobs"]}
    for id in ids:
        client.finished(id)


def test_offers_are_what_a_request_may_name(client: Client):
    offers = client.get("/offers")
    assert offers["models"][-1]["id"] == "easel-demo"
    assert offers["default_model"] == client.submit("a fox")["request"]["model"]
    assert [sampler["name"] for sampler in offers["samplers"]] == [one.name for one in SAMPLERS]
    assert "Karras" in [schedule["name"] for schedule in offers["schedules"]]


def test_settings_are_changed_one_by_one_and_kept(client: Client):
    before = client.get("/settings")
    changed = client("PATCH", "/api/v1/settings", json={"image_quality": 77, "language": "pl"})
    assert changed.json() == {**before, "image_quality": 77, "language": "pl"}
    assert client.get("/settings") == changed.json()
    client("PATCH", "/api/v1/settings", json=before)
    assert client.get("/settings") == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"image_quality": 101}, "image_quality"),
        ({"language": "tlh"}, "language"),
        ({"nothing": 1}, "nothing"),
        ({"self": 1}, "self"),
        ({"extensions": {"nothing": {}}}, "extensions.nothing"),
        ({"extensions": 5}, "extensions"),
    ],
)
def test_settings_that_do_not_fit_change_nothing(client: Client, values, field):
    before = client.get("/settings")
    response = client("PATCH", "/api/v1/settings", json={"image_quality": 33, **values})
    assert (response.status_code, fields(response)) == (422, {field})
    assert client.get("/settings") == before


def test_an_extension_is_switched_off_and_on(client: Client):
    def state() -> str:
        found = client.get("/extensions")["extensions"]
        return next(one["state"] for one in found if one["name"] == "wildcards")

    assert state() == "enabled"
    answer = client("POST", "/api/v1/extensions/wildcards/disable").json()
    assert (answer["name"], answer["state"], state()) == ("wildcards", "disabled", "disabled")
    assert client.get("/settings")["disabled_extensions"] == ["wildcards"]
    answer = client("POST", "/api/v1/extensions/wildcards/enable").json()
    assert (answer["state"], state()) == ("enabled", "enabled")


@pytest.mark.parametrize("language", ["en", "pl"])
def test_all_texts_of_a_language(client: Client, language):
    assert client.get(f"/texts/{language}") == catalogue(language)


def test_it_says_which_server_it_is(client: Client):
    about = client.get("/about")
    assert (about["name"], about["version"]) == ("Easel", __version__)
    assert len(about["fingerprint"]) == 16


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, database=None)
@given(
    method_and_path=st.sampled_from([("POST", "/jobs"), ("PATCH", "/settings")]),
    values=st.dictionaries(
        st.sampled_from([*Txt2Img.model_fields, *Settings.model_fields]) | st.text(max_size=9),
        ANYTHING,
        max_size=4,
    ),
)
def test_whatever_json_comes_the_answer_is_an_answer(client: Client, method_and_path, values):
    method, path = method_and_path
    body = json.dumps({**values, "kind": "no such kind"})  # never a job
    headers = {"content-type": "application/json"}
    response = client(method, f"/api/v1{path}", content=body.encode(), headers=headers)
    assert response.status_code in (400, 422), response.text
    for problem in response.json()["problems"]:
        assert problem["message"] and len(problem["message"]) < 1000


def test_a_large_job_is_listed_with_its_last_pictures(client: Client):
    settings = {"compat": "native", "max_frames": 1000, "W": 64, "H": 64, "seed": 3}
    body = {"kind": "animation", "settings": {**settings, "prompts": {"0": "a pear"}}}
    id = client("POST", "/api/v1/jobs", json=body).json()["id"]
    end = time.monotonic() + 60
    while (bare := client.get(f"/jobs/{id}?pictures=false"))["state"] != "finished":
        assert time.monotonic() < end, bare
        time.sleep(0.1)
    done = client.get(f"/jobs/{id}")
    assert len(done["pictures"]) == done["picture_count"] == 1000
    assert bare == {**done, "pictures": []}
    for jobs in (client.get("/state")["jobs"], client.get("/jobs")["jobs"]):
        (told,) = [one for one in jobs if one["id"] == id]
        assert told == {**done, "pictures": done["pictures"][-60:]}
    page = client.get(f"/jobs/{id}/pictures?first=500&count=3")
    assert page == {"total": 1000, "pictures": done["pictures"][500:503]}
