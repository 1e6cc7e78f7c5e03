"""An address of the API: /api/v1/extensions/example_routes/words/<beginning>."""

from webui.ext import Route, RouteCall, hookimpl

WORDS = ("apple", "apricot", "banana")


def words(call: RouteCall) -> list[str]:
    return [word for word in WORDS if word.startswith(call.values["beginning"])]


@hookimpl
def register_routes() -> list[Route]:
    return [Route("words/{beginning}", words)]
