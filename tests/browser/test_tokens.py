"""Tokens for the sites of models: kept by the server, and shown to nobody."""

import json

from playwright.sync_api import expect

from tests.browser.conftest import Server, View


def test_a_token_is_kept_and_not_shown(view: View, server: Server):
    server.change_settings(hub_token="")
    view.page.reload()
    view.show("settings")
    token = view.page.get_by_label("Token for Hugging Face")
    token.fill("hf_secret")
    token.press("Enter")
    token.blur()
    expect(view.page.locator("[data-field=hub_token] .saved")).to_be_visible()
    kept = json.loads((server.data / "state" / "settings.json").read_text(encoding="utf-8"))
    assert kept["hub_token"] == "hf_secret"
    view.page.reload()
    view.show("settings")
    expect(token).to_have_attribute("type", "password")
    expect(token).to_have_value("********")
    assert "hf_secret" not in view.page.content()
    server.change_settings(hub_token="")
