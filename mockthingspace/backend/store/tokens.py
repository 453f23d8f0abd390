"""The bearer and session tokens one server has issued, and their lifetimes.

Source: bearer tokens, Getting Credentials (one hour from first issue; asking
again within it gives the same token); session tokens, Start Connectivity
Management Session (20 minutes idle, five failed logins lock the contact).
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from uuid import uuid4

from mockthingspace.core.exceptions import (
    ExpiredSession,
    InvalidBearer,
    InvalidSession,
    LoginLocked,
    WrongPassword,
)

BEARER_LIFETIME = timedelta(hours=1)
SESSION_IDLE = timedelta(minutes=20)
LOGIN_ATTEMPTS = 5


@dataclass(slots=True)
class _Bearer:
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(slots=True)
class _Session:
    username: str
    used_at: datetime


class Tokens:
    """What was issued to whom, and who may log in.

    Args:
        credentials: Passwords by user name; None lets anybody log in.
    """

    def __init__(self, credentials: Mapping[str, str] | None = None) -> None:
        self._lock = Lock()
        self._passwords = None if credentials is None else dict(credentials)
        self._failures: dict[str, int] = {}
        self._by_client: OrderedDict[str, _Bearer] = OrderedDict()
        self._bearers: dict[str, str] = {}
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._bearers) + len(self._sessions)

    def issue_bearer(self, client: str, now: datetime) -> tuple[str, float]:
        """Return a client's token and the seconds it has left."""
        with self._lock:
            self._forget_expired(now)
            bearer = self._by_client.get(client)
            if bearer is None:
                bearer = _Bearer(secrets.token_hex(16), now + BEARER_LIFETIME)
                self._by_client[client] = bearer
                self._bearers[bearer.token] = client
            return bearer.token, (bearer.expires_at - now).total_seconds()

    def check_bearer(self, token: str, now: datetime) -> None:
        """Accept a token that was issued here and still lives.

        Raises:
            InvalidBearer: It was not, or does not.
        """
        with self._lock:
            client = self._bearers.get(token)
            if client is None:
                raise InvalidBearer(
                    "this bearer token was not issued here, was revoked, or expired "
                    "long ago; get one from POST /api/ts/v1/oauth2/token"
                )
            if now >= self._by_client[client].expires_at:
                raise InvalidBearer(
                    "this bearer token has expired: it lives "
                    f"{BEARER_LIFETIME.total_seconds():.0f} s from its first issue"
                )

    def revoke(self, token: str) -> None:
        """End a bearer token; one that is not known stays unknown."""
        with self._lock:
            client = self._bearers.pop(token, None)
            if client is not None:
                del self._by_client[client]

    def login(self, username: str, password: str, now: datetime) -> str:
        """Return a new session token.

        Raises:
            WrongPassword: The two do not belong together.
            LoginLocked: Too many wrong ones in a row came before.
        """
        with self._lock:
            self._check_password(username, password)
            self._forget_idle(now)
            token = str(uuid4())
            self._sessions[token] = _Session(username, now)
            return token

    def check_session(self, token: str, now: datetime) -> None:
        """Accept a session token that is alive, and renew it.

        Raises:
            InvalidSession: It was never issued here, or was logged out.
            ExpiredSession: It was idle for too long.
        """
        with self._lock:
            session = self._sessions.get(token)
            if session is None:
                raise InvalidSession(
                    "this VZ-M2M-Token was not issued here, or was logged out; get "
                    "one from POST /api/m2m/v1/session/login"
                )
            if now - session.used_at >= SESSION_IDLE:
                raise ExpiredSession(
                    "this VZ-M2M-Token was idle for "
                    f"{(now - session.used_at).total_seconds():.0f} s; it dies after "
                    f"{SESSION_IDLE.total_seconds():.0f} s"
                )
            session.used_at = now
            self._sessions.move_to_end(token)

    def logout(self, token: str) -> None:
        """End a session; one that is not known stays unknown."""
        with self._lock:
            self._sessions.pop(token, None)

    def new_password(self, token: str, old_password: str) -> str:
        """Replace the password of a session's user and return the new one.

        Raises:
            WrongPassword: The old one is not the user's.
            LoginLocked: Too many wrong ones in a row came before.
        """
        with self._lock:
            password = f"Wh{secrets.token_hex(5)}"
            session = self._sessions.get(token)
            if session is not None and self._passwords is not None:
                self._check_password(session.username, old_password)
                self._passwords[session.username] = password
            return password

    def _check_password(self, username: str, password: str) -> None:
        if self._passwords is None:
            return
        failures = self._failures.get(username, 0)
        if failures >= LOGIN_ATTEMPTS:
            raise LoginLocked(
                f"{username!r} is locked after {LOGIN_ATTEMPTS} failed logins in a "
                "row; ThingSpace support would unlock it, here a reset does"
            )
        if username not in self._passwords:
            raise WrongPassword(f"{username!r} is not among the configured credentials")
        if self._passwords[username] != password:
            self._failures[username] = failures + 1
            raise WrongPassword(
                f"that is not the configured password of {username!r}; "
                f"{LOGIN_ATTEMPTS - failures - 1} attempts left"
            )
        self._failures.pop(username, None)

    def _forget_expired(self, now: datetime) -> None:
        """Drop the expired bearers; they are in order of issue."""
        while self._by_client:
            client, oldest = next(iter(self._by_client.items()))
            if now < oldest.expires_at:
                return
            del self._by_client[client]
            del self._bearers[oldest.token]

    def _forget_idle(self, now: datetime) -> None:
        """Drop the sessions nobody can use any more; they are in order of use.

        They are kept for another idle time, so that one of them is answered as
        expired, not as unknown.
        """
        while self._sessions:
            token, oldest = next(iter(self._sessions.items()))
            if now - oldest.used_at < 2 * SESSION_IDLE:
                return
            del self._sessions[token]
