"""Logging in: the sessions of the connectivity API.

Bearer tokens are got under another prefix, which is called ``session`` too.
"""

from collections.abc import Mapping

from mockthingspace.apis import documents
from mockthingspace.apis.handlers import Call
from mockthingspace.core import sources
from mockthingspace.core.models import Claim, documented
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import Secret, Text
from mockthingspace.spec.schemas import BaseSchema


class Login(BaseSchema):
    """``{username, password}``."""

    known = documented(sources.LOGIN)

    username = Text(required=True)
    password = Secret(required=True)


class Session(BaseSchema):
    """``{sessionToken}``."""

    known = documented(sources.LOGIN)

    session = Text(data_key="sessionToken")


class OldPassword(BaseSchema):
    """``{oldPassword}``."""

    known = documented(sources.SDK)

    old_password = Secret(required=True, data_key="oldPassword")


class NewPassword(BaseSchema):
    """``{newPassword}``."""

    known = documented(sources.SDK)

    new_password = Text(data_key="newPassword")


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


FAMILY = Api(
    name="session",
    prefix="/api/m2m/v1/session",
    answers=documents.errors("connectivity", "/m2m/v1", "session"),
    operations=(
        Operation(
            name="login",
            method="POST",
            rule="/login",
            handler=log_in,
            body=Login(),
            reply=Session(),
            needs=("bearer",),
            claim=Claim("opens a session", "documented", sources.LOGIN),
        ),
        Operation(
            name="logout",
            method="POST",
            rule="/logout",
            handler=log_out,
            reply=Session(),
            claim=Claim("ends the session and names it", "documented", sources.SDK),
        ),
        Operation(
            name="reset-password",
            method="PUT",
            rule="/password/actions/reset",
            handler=reset_password,
            body=OldPassword(),
            reply=NewPassword(),
            claim=Claim(
                "sets and answers a new password, in effect at once",
                "documented",
                sources.SDK,
            ),
        ),
    ),
    claims=documents.claims("session/claims.json"),
)
