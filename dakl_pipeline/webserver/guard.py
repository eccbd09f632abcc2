"""What the webserver answers, and to whom: a guard around any ASGI application, websockets included.

Dagster's webserver asks nobody who they are, and answers whatever a browser sends. A browser also sends what the pages
of other sites ask for, with the login of its user, so the guard lets through only

- requests to an address of the UI, so that a foreign name that points to this machine reaches nothing;
- changes, and websockets, that the browser says come from a page of that same address;
- reading by such a page, or by a visitor who follows a link or types the address.

GraphQL reads and changes through one path, so its queries never come by GET. ``Origin`` is compared with the whole
address, scheme and port included: behind a proxy, where TLS ends before this process, neither can be deduced.
"""

from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_READING = ("GET", "HEAD")
_GRAPHQL = "/graphql"
# Where other programs report that an asset was made. Here only runs make them.
_REPORTS = "/report_asset_"
# In every answer: nobody shows it in a frame, guesses its type, embeds it or learns its address.
_ANSWERED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused.

    Attributes:
        status: Status of the answer.
        why: One line, without anything from the request.
    """

    status: int
    why: str


_NO_ADDRESS = Refusal(421, "This is not an address of the Dagster UI. DAKL_UI_ADDRESS sets further addresses.")
_NO_PATH = Refusal(400, "This path holds signs that cannot be shown.")
_OTHER_SITE = Refusal(403, "Refused: this was asked by a page of another site.")
_NOT_SAME_ORIGIN = Refusal(403, "Refused: only a page of this address may change something. Scripts send it as Origin.")
_NO_REPORT = Refusal(403, "Refused: assets of this pipeline are made by runs alone.")
_QUERY_BY_GET = Refusal(405, "Refused: queries come by POST.")


class Guard:
    """An ASGI application that refuses what another site asks for, and passes on the rest."""

    def __init__(self, app: ASGIApp, addresses: Collection[str]) -> None:
        """Guard an application.

        Args:
            app: The application.
            addresses: Scheme, name and port of each address that a browser shows for it, as ``https://dakl.internal``.
        """
        self._app = app
        self._addresses = frozenset(addresses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or websocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_ANSWERED)
            await send(message)

        refusal = find_refusal(scope, self._addresses)
        if refusal is None:
            answer = self._app
        elif scope["type"] == "websocket":
            answer = WebSocketClose(reason=refusal.why)
        else:
            allowed = {"Allow": "POST"} if refusal.status == 405 else None
            answer = PlainTextResponse(f"{refusal.why}\n", refusal.status, allowed)
        await answer(scope, receive, send_with_headers)


def find_refusal(scope: Scope, addresses: Collection[str]) -> Refusal | None:
    """Why a request or websocket is refused.

    Args:
        scope: What ASGI tells of it.
        addresses: The addresses of the application.

    Returns:
        The reason; None if it may pass.
    """
    headers = Headers(scope=scope)
    host, origin, site = (_value(headers, name) for name in ("host", "origin", "sec-fetch-site"))
    own = {address for address in addresses if address.partition("://")[2] == host.lower()}
    if not own:
        return _NO_ADDRESS
    # Starlette finds the route of a path that ends in a newline, too.
    if not scope["path"].isprintable():
        return _NO_PATH
    if scope["path"].startswith(_REPORTS):
        return _NO_REPORT
    # Every browser sends Origin with these, and no page can choose it.
    if scope["type"] == "websocket" or scope["method"] not in _READING:
        return None if origin in own else _NOT_SAME_ORIGIN
    if (origin and origin not in own) or (site in ("cross-site", "same-site") and not _is_visit(headers)):
        return _OTHER_SITE
    return _QUERY_BY_GET if scope["path"] == _GRAPHQL else None


def _is_visit(headers: Headers) -> bool:
    """Whether the answer is shown to a visitor and not to the page that asks."""
    asked = (_value(headers, "sec-fetch-mode"), _value(headers, "sec-fetch-dest"))
    return asked == ("navigate", "document")


def _value(headers: Headers, name: str) -> str:
    """The value of a header; empty if it is absent, and no valid value if there are several."""
    return ", ".join(headers.getlist(name))
