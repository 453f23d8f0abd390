"""The cases of the two APIs that are called session: logins, and tokens."""

from .asking import (
    BASIC,
    OAUTH,
    STRICT,
    TOO_LARGE,
    UWS,
    Case,
    gateway,
    refused,
    session,
)

KNOWN = {"credentials": {"zbeeblebrox": "another"}}

CASES = (
    Case(
        "POST",
        f"{OAUTH}/token",
        "session/token.reply.json",
        sends="session/token.request.json",
        headers=BASIC,
    ),
    Case(
        "POST",
        f"{OAUTH}/token",
        "session/token.scope.reply.json",
        sends="session/token.scope.request.json",
        headers=BASIC,
    ),
    Case(
        "POST",
        f"{OAUTH}/token",
        "session/token.repeated.reply.json",
        sends="session/token.request.json",
        headers=BASIC,
        proofs="bearer",
        wait_s=20 * 60,
    ),
    Case("POST", f"{OAUTH}/revoke", None, sends="session/revoke.request.json"),
    Case(
        "POST",
        f"{UWS}/login",
        "session/login.reply.json",
        sends="session/login.request.json",
    ),
    Case(
        "POST",
        f"{UWS}/logout",
        "session/logout.reply.json",
        proofs="bearer session",
        settings=STRICT,
    ),
    Case(
        "PUT",
        f"{UWS}/password/actions/reset",
        "session/reset-password.reply.json",
        sends="session/reset-password.request.json",
    ),
    refused(
        "POST",
        f"{OAUTH}/token",
        "session/token.missing-bearer",
        401,
        sends="session/token.request.json",
        settings=STRICT,
    ),
    refused("POST", f"{OAUTH}/token", "session/token.invalid-grant"),
    refused(
        "POST", f"{OAUTH}/token", "session/token.too-large", 413, content=TOO_LARGE
    ),
    refused("POST", f"{OAUTH}/revoke", "session/revoke.invalid-request"),
    refused("POST", f"{OAUTH}/nowhere", "session/token.not-served", 404),
    refused("GET", f"{OAUTH}/token", "session/token.method-not-served", 405),
    refused("POST", f"{UWS}/login", "session/invalid-request"),
    refused("POST", f"{UWS}/login", "session/too-large", 413, content=TOO_LARGE),
    *(
        refused(
            "POST",
            f"{UWS}/login",
            f"session/{name}",
            sends="session/login.request.json",
            settings=KNOWN,
            times=times,
        )
        for name, times in (("wrong-password", 5), ("login-locked", 6))
    ),
    *gateway("session", f"{UWS}/login", "PATCH"),
    *session("session", "POST", f"{UWS}/logout"),
)
