"""Pointing Verizon's SDK here: again, back, and without the SDK."""

import copy
import sys

import pytest
from verizon.configuration import Configuration

from mockthingspace import MockThingSpaceError, point_sdk
from mockthingspace.core.exceptions import SettingsError

HERE, THERE = "http://127.0.0.1:8440", "http://127.0.0.1:9000"


def hosts() -> set[str]:
    """Return the schemes and hosts of all servers in the SDK's table."""
    return {
        "/".join(base.split("/")[:3])
        for servers in Configuration.environments.values()
        for base in servers.values()
    }


def test_every_server_is_pointed_here_until_the_block_ends() -> None:
    """Below their hosts the paths are the same, and then all is as it was."""
    before = copy.deepcopy(Configuration.environments)

    with point_sdk("127.0.0.1:8440"):
        pointed = copy.deepcopy(Configuration.environments)
        assert hosts() == {HERE}

    assert Configuration.environments == before
    for name, servers in before.items():
        paths = {server: base.split("/", 3)[3:] for server, base in servers.items()}
        assert paths == {
            server: base.split("/", 3)[3:] for server, base in pointed[name].items()
        }


def test_it_can_be_done_again_and_undone_in_reverse() -> None:
    """The last that is not undone says where; to undo one twice does no harm."""
    before = hosts()
    first, second = point_sdk(HERE), point_sdk(THERE)
    seen = [hosts()]
    second.restore()
    second.restore()
    seen.append(hosts())
    first.restore()

    assert seen == [{THERE}, {HERE}]
    assert hosts() == before


def test_without_the_sdk_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency."""
    monkeypatch.setitem(sys.modules, "verizon.configuration", None)

    with pytest.raises(
        MockThingSpaceError, match="pip install sdksio-verizon-apis-sdk"
    ):
        point_sdk(HERE)


def test_a_place_no_server_can_be_at_is_refused() -> None:
    """Before anything is pointed there."""
    before = hosts()

    with pytest.raises(SettingsError, match="scheme, host and port"):
        point_sdk("ftp://localhost")

    assert hosts() == before
