"""The real services over an empty data folder, with a worker that needs no model."""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from webui.api.access import Access, Hosts
from webui.api.listen import listen
from webui.app import Server, create, noted
from webui.core.events import FINAL
from webui.core.paths import Paths
from webui.core.plugins import Extensions
from webui.core.running import Running
from webui.jobs.queue import Jobs
from webui.jobs.services import Services, SettingsStore
from webui.library.catalog import Catalog

WORKER = [sys.executable, "-m", "tests.fake_worker"]
KEY = "the key of the shell"
HERE = "http://127.0.0.1:7860"


def open_fake_services(paths: Paths) -> Services:
    """As `Services.of`, with the worker of the tests."""
    store = SettingsStore(paths.settings)
    extensions = Extensions(paths.extension_folders, "server", store.get().disabled_extensions)
    store.listen(lambda settings: extensions.switch(settings.disabled_extensions))
    catalog = Catalog.of(paths)
    jobs = Jobs(paths, store.get, catalog, extensions, command=WORKER)
    jobs.start()
    return Services(paths, store, catalog, extensions, jobs)


@pytest.fixture(scope="package")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return Paths.choose(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="package")
def services(paths: Paths) -> Iterator[Services]:
    services = open_fake_services(paths)
    yield services
    services.jobs.close()


@dataclass
class Client:
    """Asks the whole application (without the page) in this process."""

    app: Any

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def asking() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport) as client:
                return await client.request(method, f"{HERE}{path}", **options)

        return asyncio.run(asking())

    def get(self, path: str, **options: Any) -> Any:
        response = self("GET", f"/api/v1{path}", **options)
        assert response.status_code == 200, response.text
        return response.json()

    def submit(self, prompt: str = "a red apple", **values: Any) -> dict[str, Any]:
        response = self("POST", "/api/v1/jobs", json={"prompt": prompt, **values})
        assert response.status_code == 201, response.text
        return response.json()

    def finished(self, id: str) -> dict[str, Any]:
        """The job when it is over."""
        end = time.monotonic() + 30
        while (job := self.get(f"/jobs/{id}"))["state"] not in FINAL:
            assert time.monotonic() < end, job
            time.sleep(0.02)
        return job


@pytest.fixture(scope="package")
def client(services: Services) -> Client:
    return Client(create(services, Access(Hosts("127.0.0.1")), page=False))


@pytest.fixture(scope="package")
def server(services: Services) -> Iterator[str]:
    """The address of the application served for real, with a note to the shell."""
    listener = listen("127.0.0.1", 0)
    server = Server(create(services, Access(Hosts("127.0.0.1"), "secret", KEY), page=False))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with closing(listener), noted(services.paths, Running(address, KEY)):
        thread.start()
        yield address
        server.stop()
        thread.join()


@pytest.fixture
def data_folder(tmp_path: Path) -> Paths:
    return Paths.choose(tmp_path)
