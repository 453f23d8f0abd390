"""The families the double serves. A new one is a file here and a line below."""

from mockthingspace.families import (
    connectivity,
    diagnostics,
    fota_v1,
    fota_v2,
    hyper_precise,
    location,
    oauth2,
    session,
)
from mockthingspace.family import Family

FAMILIES: tuple[Family, ...] = (
    fota_v1.FAMILY,
    fota_v2.V2,
    fota_v2.V3,
    connectivity.FAMILY,
    location.FAMILY,
    diagnostics.FAMILY,
    hyper_precise.FAMILY,
    session.FAMILY,
    oauth2.FAMILY,
)
