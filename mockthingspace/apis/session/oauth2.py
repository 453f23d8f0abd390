"""Bearer tokens: issued for a key and secret, and revoked.

It is called ``session`` as logging in is, and refuses in a format of its own.

Disagreement: the error page answers a token request without Basic credentials
with the gateway's fault; the SDK parses ``{error, error_description}`` from a
401 there. Followed: the SDK, since a real client parses it.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from marshmallow import ValidationError, fields

from mockthingspace.apis import documents
from mockthingspace.apis.handlers import Call
from mockthingspace.core import sources
from mockthingspace.core.exceptions import (
    InvalidGrant,
)
from mockthingspace.core.models import Claim, documented
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import Secret, Text
from mockthingspace.spec.schemas import BaseSchema, Form


class Grant(Text):
    """The one grant there is."""

    refusal = absent = InvalidGrant
    words = ("client_credentials",)

    def check(self, text: str) -> None:
        """Hold it to ``client_credentials``."""
        if text not in self.words:
            raise ValidationError("must be client_credentials")


class TokenWanted(Form):
    """``grant_type``, ``scope?``, as a form."""

    known = documented(sources.CREDENTIALS)

    grant_type = Grant(required=True)
    scope = Text()


class TokenUnwanted(Form):
    """``grant_type?``, ``token``, as a form."""

    known = documented(sources.SDK)

    grant_type = Grant()
    token = Secret(required=True)


class Token(BaseSchema):
    """``{access_token, token_type, expires_in, scope?}``."""

    known = documented(sources.CREDENTIALS)

    access_token = Text()
    token_type = fields.Constant("Bearer")
    expires_in = fields.Integer()
    scope = Text()


def issue(call: Call, scope: str | None = None, **_: str) -> Mapping[str, Any]:
    """Issue the client's token; nobody's where auth is off and no key came."""
    client = call.caller.client or ""
    token, left_s = call.state.tokens.issue_bearer(client, call.now)
    return {"access_token": token, "expires_in": ceil(left_s), "scope": scope}


def revoke(call: Call, token: str, **_: str) -> None:
    """End a token."""
    call.state.tokens.revoke(token)


FAMILY = Api(
    name="session",
    prefix="/api/ts/v1/oauth2",
    answers=documents.errors("session", "/ts/v1"),
    operations=(
        Operation(
            name="token",
            method="POST",
            rule="/token",
            handler=issue,
            body=TokenWanted(),
            reply=Token(),
            needs=("basic",),
            claim=Claim("issues a bearer token", "documented", sources.CREDENTIALS),
        ),
        Operation(
            name="revoke",
            method="POST",
            rule="/revoke",
            handler=revoke,
            body=TokenUnwanted(),
            needs=("basic",),
            claim=Claim(
                "revokes a bearer token; the reply has no body",
                "documented",
                sources.SDK,
            ),
        ),
    ),
    claims=documents.claims("session/token.claims.json"),
)
