"""Logging in: OAuth tokens, and the sessions of the connectivity API.

Two prefixes, hence two families, both called ``session``: they refuse in
different shapes.

Disagreement: the error page answers a token request without Basic credentials
with the gateway's fault; the SDK parses ``{error, error_description}`` from a
401 there. Followed: the SDK, since a real client parses it.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from marshmallow import ValidationError, fields

from mockthingspace import sources
from mockthingspace.answers import gateway, unified_web_service
from mockthingspace.errors import InvalidGrant, InvalidRequest, MissingBearer, TooLarge
from mockthingspace.family import Answer, Call, Family, Operation
from mockthingspace.model import Fact
from mockthingspace.wire import Secret, Shape, Text, form


class Login(Shape):
    """``{username, password}``."""

    username = Text(required=True)
    password = Secret(required=True)


class Session(Shape):
    """``{sessionToken}``."""

    session = Text(data_key="sessionToken")


class OldPassword(Shape):
    """``{oldPassword}``."""

    old_password = Secret(required=True, data_key="oldPassword")


class NewPassword(Shape):
    """``{newPassword}``."""

    new_password = Text(data_key="newPassword")


class Grant(Text):
    """The one grant there is."""

    refusal = absent = InvalidGrant

    def check(self, text: str) -> None:
        """Hold it to ``client_credentials``."""
        if text != "client_credentials":
            raise ValidationError("must be client_credentials")


class TokenWanted(Shape):
    """``grant_type``, ``scope?``, as a form."""

    grant_type = Grant(required=True)
    scope = Text()


class TokenUnwanted(Shape):
    """``grant_type?``, ``token``, as a form."""

    grant_type = Grant()
    token = Secret(required=True)


class Token(Shape):
    """``{access_token, token_type, expires_in, scope?}``."""

    access_token = Text()
    token_type = fields.Constant("Bearer")
    expires_in = fields.Integer()
    scope = Text()


def log_in(call: Call, username: str, password: str) -> Mapping[str, str]:
    """Open a session."""
    return {"session": call.state.tokens.login(username, password, call.now)}


def log_out(call: Call) -> Mapping[str, str]:
    """End the caller's session and name it; nobody's where auth is off."""
    session = call.caller.session or ""
    call.state.tokens.logout(session)
    return {"session": session}


def reset_password(call: Call, old_password: str) -> Mapping[str, str]:
    """Replace the password of the caller's session; nobody's where auth is off."""
    session = call.caller.session or ""
    new = call.state.tokens.new_password(session, old_password)
    return {"new_password": new}


def issue(call: Call, scope: str | None = None, **_: str) -> Mapping[str, Any]:
    """Issue the client's token; nobody's where auth is off and no key came."""
    client = call.caller.client or ""
    token, left_s = call.state.tokens.issue_bearer(client, call.now)
    return {"access_token": token, "expires_in": ceil(left_s), "scope": scope}


def revoke(call: Call, token: str, **_: str) -> None:
    """End a token."""
    call.state.tokens.revoke(token)


def _oauth(status: int, error: str, description: str, fact: Fact) -> Answer:
    return Answer(status, {"error": error, "error_description": description}, fact)


FAMILY = Family(
    name="session",
    prefix="/api/m2m/v1/session",
    answers=unified_web_service("/m2m/v1"),
    operations=(
        Operation(
            name="login",
            method="POST",
            rule="/login",
            verb=log_in,
            body=Login(),
            reply=Session(),
            needs=("bearer",),
            fact=Fact("opens a session", "documented", sources.LOGIN),
        ),
        Operation(
            name="logout",
            method="POST",
            rule="/logout",
            verb=log_out,
            reply=Session(),
            fact=Fact("ends the session and names it", "documented", sources.SDK),
        ),
        Operation(
            name="reset-password",
            method="PUT",
            rule="/password/actions/reset",
            verb=reset_password,
            body=OldPassword(),
            reply=NewPassword(),
            fact=Fact(
                "answers a new password, in effect at once", "documented", sources.SDK
            ),
        ),
    ),
    facts=(
        Fact(
            "auth=strict: a session dies after 20 minutes without use; a use renews it",
            "documented",
            sources.LOGIN,
        ),
        Fact(
            "credentials given: five failed logins in a row lock a user name",
            "documented",
            sources.LOGIN,
        ),
        Fact(
            "auth=off: a logout without VZ-M2M-Token names an empty one",
            "assumed",
            "the double's own setting",
        ),
    ),
)

OAUTH2 = Family(
    name="session",
    prefix="/api/ts/v1/oauth2",
    answers={
        **gateway("/ts/v1"),
        MissingBearer: _oauth(
            401,
            "invalid_client",
            "Client authentication failed",
            Fact(
                "no key and secret: 401, invalid_client",
                "documented",
                f"{sources.SDK}; the error page has fault 900902 instead: "
                f"{sources.CONNECTIVITY_ERRORS}",
            ),
        ),
        InvalidGrant: _oauth(
            400,
            "invalid_request",
            "Missing grant_type parameter value",
            Fact(
                "another grant_type or none: 400, invalid_request",
                "documented",
                sources.CONNECTIVITY_ERRORS,
            ),
        ),
        InvalidRequest: _oauth(
            400,
            "invalid_request",
            "Invalid request",
            Fact("any other bad form: 400, invalid_request", "assumed", sources.UNSAID),
        ),
        TooLarge: _oauth(
            413,
            "invalid_request",
            "Request body too large",
            Fact("too large a form: 413, invalid_request", "assumed", sources.UNSAID),
        ),
    },
    operations=(
        Operation(
            name="token",
            method="POST",
            rule="/token",
            verb=issue,
            body=TokenWanted(),
            read=form,
            reply=Token(),
            needs=("basic",),
            fact=Fact("issues a bearer token", "documented", sources.CREDENTIALS),
        ),
        Operation(
            name="revoke",
            method="POST",
            rule="/revoke",
            verb=revoke,
            body=TokenUnwanted(),
            read=form,
            needs=("basic",),
            fact=Fact(
                "ends a bearer token; the reply has no body", "documented", sources.SDK
            ),
        ),
    ),
    facts=(
        Fact(
            "a token lives 3600 s; asking again meanwhile gives the same one",
            "documented",
            sources.CREDENTIALS,
        ),
        Fact(
            "expires_in is what is left of the hour",
            "assumed",
            f"{sources.UNSAID}; the first reply has the documented 3600",
        ),
        Fact("any key and secret are good", "assumed", "the double's own choice"),
    ),
)
