"""The releases of Verizon's SDK that are tested, and what each does its own way.

PyPI has eight. 1.0.0, 1.5.1, 1.7.0 and 2.0.0 are rows here, and ``make sdks``
tests each in an environment of its own. Of the others, 1.3.0 and 1.4.0 cannot be
imported, since their client asks their own module for an ``Oauth2`` that it calls
``OAuth2``; 1.5.0 works as 1.5.1 does once its caller has fetched a bearer token
and passed it in, as 1.0.0 wants it; 1.6.0 has no ``verizon`` in it, but a client of
the Quality of Service API alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from apimatic_core.exceptions.auth_validation_exception import AuthValidationException
from verizon.exceptions.fota_v1_result_exception import FotaV1ResultException
from verizon.exceptions.oauth_provider_exception import OauthProviderException
from verizon.http.http_call_back import HttpCallBack
from verizon.models.oauth_token import OauthToken
from verizon.verizon_client import VerizonClient


def with_values(
    key: str, token: OauthToken | None, session: str | None, hook: HttpCallBack | None
) -> VerizonClient:
    """Make a client as 1.0.0 has it: every credential is an argument."""
    return VerizonClient(
        oauth_client_id=key,
        oauth_client_secret="secret",
        oauth_token=token,
        vz_m2m_token=session,
        http_call_back=hook,
    )


def with_credentials(
    key: str, token: OauthToken | None, session: str | None, hook: HttpCallBack | None
) -> VerizonClient:
    """Make a client as 1.5 and later have it: credentials are objects."""
    from verizon.http.auth.thingspace_oauth import ThingspaceOauthCredentials
    from verizon.http.auth.vz_m2m_token import VZM2mTokenCredentials

    return VerizonClient(
        thingspace_oauth_credentials=ThingspaceOauthCredentials(
            key, "secret", oauth_token=token
        ),
        vz_m2m_token_credentials=session and VZM2mTokenCredentials(session),
        http_call_back=hook,
    )


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a release does its own way; the defaults are what the latest does.

    Args:
        make: Makes a client of a key, a bearer token, a session token and a hook.
        bearer: What the client calls its source of bearer tokens.
        request_token: The method that asks for a bearer token.
        fetches: Whether the client fetches its bearer token by itself.
        visitor: The session token without which it does not even log in.
        keyless: What it raises when its key gets no bearer token.
        sessionless: What it raises without a session token,
        sessionless_operations: and the operations it asks for before it does.
        listed_account: What it calls the account in hyper-precise's list.
        ends_upgrades: Whether its request for an upgrade of version 1 has the end date
            that the later ones require; its start date has a time, which none takes.
    """

    make: Callable[..., VerizonClient] = with_credentials
    bearer: str = "thingspace_oauth"
    request_token: str = "oauth_authorization.request_token_thingspace_oauth"
    fetches: bool = True
    visitor: str | None = None
    keyless: type[Exception] = AuthValidationException
    sessionless: type[Exception] = AuthValidationException
    sessionless_operations: tuple[str, ...] = ("token",)
    listed_account: str = "account_name"
    ends_upgrades: bool = True


RELEASES = {
    "1.0.0": Release(
        make=with_values,
        bearer="global",
        request_token="oauth_authorization.request_token",
        fetches=False,
        keyless=OauthProviderException,
        sessionless=FotaV1ResultException,
        sessionless_operations=("token", "list"),
        listed_account="aname",
        ends_upgrades=False,
    ),
    "1.5.1": Release(visitor="any", listed_account="aname"),
    "1.7.0": Release(listed_account="aname"),
    "2.0.0": Release(),
}
RELEASE = RELEASES[version("sdksio-verizon-apis-sdk")]
