"""The Flask application of one server, and what it does around every request.

``_arrive`` notes when a request came and what it said, the API's view (or
the handler of what is not served) replies, ``_complete`` adds the explanation
and the journal's entry. The admin API and the front page are left out of the journal.

A request is to cost little: whatever Flask looks up behind ``request``, ``g`` and
``current_app`` is looked up once and handed on.
"""

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cache, partial
from itertools import accumulate
from sys import intern
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, request
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.routing import Map, MapAdapter, Rule

from mockthingspace.apis import APIS
from mockthingspace.apis.documents import errors_outside
from mockthingspace.backend import seeds, timeline
from mockthingspace.backend.backend import Backend
from mockthingspace.core import serializers
from mockthingspace.core.clock import Clock
from mockthingspace.core.exceptions import (
    MethodNotServed,
    NotServed,
    SettingsError,
    ThingSpaceError,
)
from mockthingspace.core.models import Delivery, Exchange
from mockthingspace.core.redaction import printable, without_secrets
from mockthingspace.core.settings import Settings, read_seed
from mockthingspace.core.urls import locate
from mockthingspace.server import admin
from mockthingspace.server.admin.common import error_response, owns, read
from mockthingspace.server.admin.guard import guard
from mockthingspace.server.http.blueprint import (
    RequestContext,
    Segment,
    blueprint,
    json_response,
    refused,
)
from mockthingspace.server.http.current import EXTENSION
from mockthingspace.server.http.unmatched import (
    account_in,
    nearest_operation,
    published_operation,
    service_elsewhere,
)
from mockthingspace.spec.schemas import MAX_BODY, gateway_error, shortened

FRONT = "front"
LONGEST_REMEMBERED, MOST_REMEMBERED = 256, 1000  # paths
LONGEST_REASON = 1024  # as a header: Node takes 16 KiB of headers, aiohttp 8190 of one
CUT = "... (cut; GET /__admin/requests has all of it)"
_log = logging.getLogger("mockthingspace")
_AS_FLASK_ASKS = {"return_rule": True}
_BROKEN = gateway_error(
    900900, "Unclassified Failure", "The server failed; see its log"
)


class _NoSessions(SessionInterface):
    """Flask's own sessions are not used; opening one costs each request."""

    def open_session(self, *_: object) -> NullSession:
        """Return a session that holds nothing."""
        return _NO_SESSION

    def is_null_session(self, _: object) -> bool:
        """Say that there is nothing to save."""
        return True


_NO_SESSION = NullSession()


class _MatchedOnly(Rule):
    """A rule no URL is ever built of: compiling what builds it costs the most.

    The method is private to Werkzeug; setup.cfg bounds the version.
    """

    def _compile_builder(self, *_: object) -> Callable[..., Any]:
        return _not_built


def _not_built(*_: object, **__: object) -> None:
    raise NotImplementedError("the server builds no URLs")


class _RememberingMap(Map):
    """The URL rules, and which of them the last paths led to."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.remembered: dict[tuple[str, str], tuple[Rule, Mapping[str, Any]]] = {}


class _RememberingAdapter(MapAdapter):
    """Remembers which rules the last paths led to: matching is a seventh of a request.

    What leads nowhere is matched anew, and so is what would take much memory.
    """

    map: _RememberingMap

    def match(self, *args: Any, **options: Any) -> Any:
        """Return what was remembered of a path, as Flask asks for it."""
        key = self.path_info, self.default_method
        if args or options != _AS_FLASK_ASKS or len(key[0]) > LONGEST_REMEMBERED:
            return super().match(*args, **options)
        remembered = self.map.remembered
        found = remembered.get(key)
        if found is None:
            found = super().match(return_rule=True)
            if len(remembered) >= MOST_REMEMBERED:
                remembered.clear()
            remembered[key] = found
        rule, arguments = found
        return rule, dict(arguments)


def create_app(
    settings: Settings | None = None, deliver_to: Mapping[str, Any] | None = None
) -> Flask:
    """Make the application of a new server; any number live in one process.

    Args:
        settings: How it behaves; the defaults if None.
        deliver_to: WSGI and ASGI applications by origin, such as
            ``{"https://listener.example": app}``: messages for a listener there
            go straight into the application, without a socket.

    Raises:
        SettingsError: The seed file, or something in ``deliver_to``, cannot be used.
    """
    settings = settings or Settings()
    for url, application in (deliver_to or {}).items():
        _check_application(url, application)
    document = {} if settings.seed is None else read_seed(settings.seed)
    seed = seeds.seed(document, APIS, Clock().now())
    app = _Application()
    app.extensions[EXTENSION] = Backend(settings, seed, deliver_to or {}, _log_news)
    return app


def may_block(app: Flask) -> Callable[[str], bool]:
    """Return what says whether a request for a path may have to wait.

    The admin API's may, and any while a fault is planned that holds replies back.
    """
    backend: Backend = app.extensions[EXTENSION]

    def may(path: str) -> bool:
        return owns(path) or backend.state.faults.hold_replies

    return may


def _check_application(url: str, application: Any) -> None:
    if not callable(application):
        raise SettingsError(
            f"deliver_to: {url!r} must lead to a WSGI or ASGI application, "
            f"not to {application!r}"
        )
    try:
        alone = urlsplit(url).path in ("", "/") and bool(locate(url))
    except ValueError:
        alone = False
    if not alone:
        raise SettingsError(
            f"deliver_to: {url!r} must be scheme and host, such as "
            "https://listener.example"
        )


class _Application(Flask):
    """Serves the APIs and the admin API.

    All have the same URL rules, and compiling them is most of what making one
    would cost: they are compiled once in a process, and copied for an
    application that is given a rule of its own.
    """

    url_rule_class = _MatchedOnly
    session_interface = _NoSessions()

    def __init__(self) -> None:
        super().__init__("mockthingspace", static_folder=None)
        served = _served()
        self.url_map = served.url_map
        self.view_functions.update(served.view_functions)
        self.blueprints.update(served.blueprints)
        self.error_handler_spec = deepcopy(served.error_handler_spec)
        self.register_error_handler(HTTPException, _not_served)
        self.register_error_handler(Exception, _broken)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches a request: by its path alone, whatever host it names."""
        if request is None:
            return None
        return _RememberingAdapter(
            self.url_map,
            server_name=request.host,
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
            query_args=request.environ.get("QUERY_STRING", ""),
        )

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or hook as it is: none is a coroutine."""
        return func

    def preprocess_request(self) -> Any:
        """Note a request, then call what was registered to be called before it."""
        early = _arrive(self.extensions[EXTENSION], request_ctx.request)
        if early is None and self.before_request_funcs:
            return super().preprocess_request()
        return early

    def process_response(self, response: Response) -> Response:
        """Call what was registered to be called after a request, then keep it."""
        if self.after_request_funcs:
            response = super().process_response(response)
        return _complete(g.note, response)

    def add_url_rule(self, *args: Any, **kwargs: Any) -> None:
        """Add a rule, to this application only."""
        self.url_map = _url_map(rule.empty() for rule in self.url_map.iter_rules())
        super().add_url_rule(*args, **kwargs)


@cache
def _served() -> Flask:
    """Return what all applications share: the rules and what they lead to."""
    app = Flask("mockthingspace", static_folder=None)
    app.url_rule_class = _MatchedOnly
    app.url_map = _url_map()
    for api in APIS:
        app.register_blueprint(blueprint(api))
    app.register_blueprint(admin.blueprint())
    app.add_url_rule(
        "/", FRONT, admin.front, methods=["GET"], provide_automatic_options=False
    )
    return app


def _url_map(rules: Iterable[Rule] = ()) -> Map:
    return _RememberingMap(rules, converters={"segment": Segment}, merge_slashes=False)


def _arrive(backend: Backend, request: Request) -> Response | None:
    note = g.note = RequestContext(
        arrived_at=backend.clock.now(),
        backend=backend,
        state=backend.state,
        request=request,
        after=backend.sequence.last,
    )
    if owns(request.path):
        note.kept = False
        return guard() or read(note)
    note.kept = request.endpoint != FRONT
    request.max_content_length = MAX_BODY
    try:
        note.body = request.get_data() if _has_body(request.environ) else b""
    except RequestEntityTooLarge:
        note.oversized = True
    return None


def _has_body(environ: Mapping[str, Any]) -> bool:
    """Say whether a request has a body, as RFC 9112, section 6.3, has it."""
    return bool(environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ)


def _complete(note: RequestContext, response: Response) -> Response:
    if not note.kept:
        return response
    reason = "; ".join(note.reasons) or None
    if reason:
        whose = service_elsewhere(APIS, reason)
        reason = f"{reason}; {whose}" if whose else reason
        response.headers["X-Mock-Reason"] = _as_header(reason)
    exchange = note.state.journal.add(_exchange(note, response, reason))
    if _log.isEnabledFor(logging.INFO):
        shown = partial(serializers.document, exchange)
        more = {"exchange": shown, "clock": exchange.completed_at}
        _log.info("%s", serializers.log_line(exchange), extra=more)
    return response


def _log_news(item: object) -> None:
    """Log what is new of a delivery, or what else happened."""
    warned = isinstance(item, Delivery) and any(
        attempt.warning for attempt in item.attempts
    )
    level = logging.WARNING if warned else logging.INFO
    if _log.isEnabledFor(level) and (entry := timeline.news(item)):
        more = {"entry": partial(timeline.document, entry), "clock": entry.at}
        _log.log(level, "%s", entry.words, extra=more)


def _exchange(note: RequestContext, response: Response, reason: str | None) -> Exchange:
    environ = note.request.environ
    return Exchange(
        seq=0,
        method=intern(environ["REQUEST_METHOD"]),
        path=environ["PATH_INFO"],
        query=environ.get("QUERY_STRING", ""),
        headers=_headers(environ),
        body=note.body,
        status=response.status_code,
        reply_headers=tuple(response.headers),
        reply=response.get_data(),
        family=note.family,
        operation=note.operation,
        account=note.account,
        reason=reason,
        matched=note.operation is not None,
        arrived_at=note.arrived_at,
        completed_at=note.backend.clock.now(),
        after=note.after,
    )


def _headers(environ: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        [
            (intern(name), value)
            for name, value in environ.items()
            if name[:5] == "HTTP_" or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        ]
    )


def _as_header(reason: str) -> str:
    """Spell a reason as a header can hold it: printable ASCII, at most 1 KiB."""
    spelled = [_as_ascii(char) for char in reason[: LONGEST_REASON + 1]]
    if sum(map(len, spelled)) <= LONGEST_REASON:
        return "".join(spelled)
    ends = [*accumulate(map(len, spelled))]
    fitting = bisect_right(ends, LONGEST_REASON - len(CUT))
    return "".join(spelled[:fitting]) + CUT


def _as_ascii(char: str) -> str:
    return char if char.isascii() and char.isprintable() else ascii(char)[1:-1]


def _not_served(error: HTTPException) -> Response:
    """Answer a path or a method that no operation has."""
    if owns(request.path):
        return admin.not_served(error)
    note: RequestContext = g.note
    note.account = account_in(request.path)
    headers = error.get_response().headers
    allowed = headers["Allow"] if isinstance(error, MethodNotAllowed) else None
    reason = _why_not_served(allowed)
    refusal: ThingSpaceError = (
        MethodNotServed(reason) if allowed is not None else NotServed(reason)
    )
    inside = [api for api in APIS if request.path.startswith(f"{api.prefix}/")]
    family = max(inside, key=lambda api: len(api.prefix), default=None)
    answers = family.answers if family else errors_outside()
    response = refused(answers[type(refusal)], refusal, note)
    if allowed is not None:
        response.headers["Allow"] = allowed
    return response


def _why_not_served(allowed: str | None) -> str:
    """Say why the request has no operation, and which is nearest.

    Args:
        allowed: The methods that its path is served with; None where it is not.
    """
    near = nearest_operation(APIS, request.method, request.path)
    published = published_operation(request.method, request.path)
    if published is not None:
        return (
            f"an operation of ThingSpace's that this mock does not serve: {published}; "
            f"nearest that is served: {near}"
        )
    if allowed is not None:
        return f"{request.method} is not served here, only {allowed}; nearest: {near}"
    return f"no operation has the path {shortened(request.path)}; nearest: {near}"


def _broken(error: Exception) -> Response:
    """Answer a bug of ours: say so, keep the traceback in the log."""
    asked = printable(without_secrets(f"{request.method} {request.path}"))
    _log.error("the server failed on %s", asked, exc_info=error)
    if owns(request.path):
        return error_response("broken", f"the server failed: {error!r}", 500)
    note: RequestContext = g.note
    note.reasons.insert(0, f"the server failed: {error!r}")
    return json_response(_BROKEN, 500)
