"""The page: Gradio holds it together, what it shows is ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from webui.core.errors import UserError
from webui.core.form_fields import fields_of
from webui.core.guarding import Guard
from webui.core.hookspecs import Tab
from webui.core.texts import LANGUAGES, catalogue
from webui.ui.build import ASSETS, BUILD
from webui.ui.extension_assets import (
    ADDRESS,
    ExtensionAssets,
    actions_of,
    page_parts,
    texts_of,
)
from webui.ui.gradio_import import gr
from webui.ui.page_head import PageHead
from webui.ui.panels import panels_of
from webui.ui.parts.own import own
from webui.ui.tabs import TABS
from webui.ui.theme import theme

if TYPE_CHECKING:
    from webui.jobs.services import Services

Words = dict[str, dict[str, str]]
"""Language -> key -> text."""


_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""Not asked of the system: Windows may call a module plain text, and browsers then refuse it."""


class Assets(StaticFiles):
    """Our files below `/own/<build>`: a new build has new addresses, so they may be kept."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["content-type"] = f"{_TYPES[Path(path).suffix]}; charset=utf-8"
        response.headers["cache-control"] = "private, max-age=31536000, immutable"
        return response


def build(services: Services, extensions_tabs: Sequence[tuple[str, Tab]] = ()) -> gr.Blocks:
    """The page with our tabs and those of extensions."""
    return _build(_words(extensions_tabs), extensions_tabs, services.extensions.guard)


def mount(app: FastAPI, services: Services) -> FastAPI:
    """Serve our files at `/own` and the page at `/`. Routes added later are never reached."""
    extensions_tabs = services.extensions.tabs()
    words = _words(extensions_tabs)
    page = _build(words, extensions_tabs, services.extensions.guard)

    @app.get("/own/build", include_in_schema=False)
    def build_id() -> PlainTextResponse:  # pyright: ignore[reportUnusedFunction]
        return PlainTextResponse(BUILD, headers={"cache-control": "no-store"})

    app.mount(f"/own/{BUILD}", Assets(directory=ASSETS))
    app.mount(ADDRESS, ExtensionAssets(services.extensions))
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme(),
        i18n=gr.I18n(**words),
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        pwa=False,
    )
    mounted: Any = app.routes[-1]
    mounted.app = PageHead(
        mounted.app,
        language=lambda: services.settings.language,
        extensions=lambda: _extensions(services),
        texts=lambda language: texts_of(services.extensions, language),
    )
    return app


def _build(words: Words, extensions_tabs: Sequence[tuple[str, Tab]], guard: Guard) -> gr.Blocks:
    said = gr.I18n(**words)
    with gr.Blocks(title="Easel", analytics_enabled=False, fill_width=True) as page:
        own("page")
        with gr.Tabs(elem_id="tabs", selected=TABS[0].id, overflow_behavior="wrap"):
            for tab in TABS:
                with gr.Tab(said(f"ui.tab.{tab.id}"), id=tab.id, elem_id=f"tab-{tab.id}"):
                    tab.build()
            for name, tab in extensions_tabs:
                known = f"{name}.{tab.id}"
                named = {"elem_id": f"tab-{name}-{tab.id}", "elem_classes": ["extension"]}
                with gr.Tab(said(known), id=known, **named):
                    _build_extension_tab(name, tab, guard)
    return page


def _build_extension_tab(name: str, tab: Tab, guard: Guard) -> None:
    """An extension whose tab cannot be built says so in its place; the others stand."""
    try:
        guard(name, "register_tabs", tab.build)
    except UserError as error:
        own("failure", problem=error.problem.model_dump(mode="json"))


def _words(extensions_tabs: Sequence[tuple[str, Tab]]) -> Words:
    """What Gradio itself has to say: the titles of tabs."""
    words: Words = {}
    for language in LANGUAGES:
        ours = {f"ui.tab.{tab.id}": catalogue(language)[f"ui.tab.{tab.id}"] for tab in TABS}
        theirs = {
            f"{name}.{tab.id}": tab.title.get(language) or tab.title.get("en") or name
            for name, tab in extensions_tabs
        }
        words[language] = {**ours, **theirs}
    return words


def _extensions(services: Services) -> dict[str, Any]:
    """What extensions add to forms, as data, as it is now."""
    titles = {info.name: info.title for info in services.extensions.infos()}
    panels = panels_of(services.extensions)
    settings = [
        {"extension": name, "title": titles.get(name, {}), "fields": fields_of(model)}
        for name, model in services.extensions.settings_models().items()
    ]
    parts = {**page_parts(services.extensions), "actions": actions_of(services.extensions)}
    return {"panels": panels, "settings": settings, **parts}
