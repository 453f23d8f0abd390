"""``openapi.json`` and the page to read it by: what all is served, described.

The page is Swagger UI, out of the extra ``openapi``, and asks this server alone.
"""

from importlib.util import find_spec
from pathlib import Path

from flask import Response, send_from_directory

from mockthingspace.core.exceptions import AdminError
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current

STYLES = ("swagger-ui.css", "index.css")
SCRIPTS = ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "start.js")
ICONS = ("favicon-32x32.png", "favicon-16x16.png")
ONLY_OURS = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; "
    "script-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>mockthingspace</title>
{head}
</head>
<body>
<div id="swagger-ui"></div>
{scripts}
</body>
</html>
"""
_START = """window.ui = SwaggerUIBundle({
  url: new URL("../openapi.json", document.baseURI).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  showExtensions: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "BaseLayout",
});
"""


def described() -> Response:
    """Describe everything served, as OpenAPI."""
    try:
        from mockthingspace.server.openapi import description
    except ModuleNotFoundError as error:
        raise _missing() from error
    return json_response(description.describe(current().state.settings))


def page() -> Response:
    """Show the page, if it is asked for."""
    _swagger_ui()
    head = [f'<link rel="stylesheet" href="{name}">' for name in STYLES]
    head += [f'<link rel="icon" href="{name}">' for name in ICONS]
    scripts = [f'<script src="{name}"></script>' for name in SCRIPTS]
    text = _PAGE.format(head="\n".join(head), scripts="\n".join(scripts))
    reply = Response(text, content_type="text/html; charset=utf-8")
    reply.headers["Content-Security-Policy"] = ONLY_OURS
    return reply


def file(name: str) -> Response:
    """Show a file the page is made of."""
    folder = _swagger_ui()
    if name not in (*STYLES, *SCRIPTS, *ICONS):
        there = ", ".join((*STYLES, *SCRIPTS, *ICONS))
        raise AdminError("not_served", f"no file {name!r}; there are {there}", 404)
    if name == "start.js":
        return Response(_START, content_type="text/javascript; charset=utf-8")
    return send_from_directory(folder, name)


def _swagger_ui() -> Path:
    """Return the folder Swagger UI is in.

    Raises:
        AdminError: The page is not asked for, or Swagger UI is not installed.
    """
    if not current().settings.api_page:
        raise AdminError(
            "not_served",
            "the page is not served; start the server with the setting api_page=true "
            "(--api-page)",
            404,
        )
    found = find_spec("flask_swagger_ui")
    if found is None or found.origin is None:
        raise _missing()
    return Path(found.origin).parent / "dist"


def _missing() -> AdminError:
    return AdminError(
        "missing_extra",
        "the OpenAPI description needs an extra: pip install 'mockthingspace[openapi]'",
        501,
    )
