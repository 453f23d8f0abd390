"""The APIs the server serves. A new one is a folder here and a line below."""

from mockthingspace.apis.connectivity import api as connectivity
from mockthingspace.apis.diagnostics import api as diagnostics
from mockthingspace.apis.fota import v1, v2_v3
from mockthingspace.apis.hyper_precise import api as hyper_precise
from mockthingspace.apis.location import api as location
from mockthingspace.apis.session import oauth2, session
from mockthingspace.spec.api import Api

APIS: tuple[Api, ...] = (
    v1.FAMILY,
    v2_v3.V2,
    v2_v3.V3,
    connectivity.FAMILY,
    connectivity.V2,
    location.FAMILY,
    diagnostics.FAMILY,
    hyper_precise.FAMILY,
    session.FAMILY,
    oauth2.FAMILY,
)
