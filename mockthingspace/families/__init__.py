"""The families the double serves. A new one is a file here and a line below."""

from mockthingspace.families import fota_v1, session
from mockthingspace.family import Family

FAMILIES: tuple[Family, ...] = (fota_v1.FAMILY, session.FAMILY, session.OAUTH2)
