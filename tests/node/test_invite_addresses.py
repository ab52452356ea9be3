"""An invite names few addresses, without peer ids."""

from __future__ import annotations

import pytest

from node.invite_addresses import invite_addresses

PEER = "/p2p/12D3KooWQorgSrQNyrLMp3k8UwReBBf4BKtfTC6cFdQGMEFstsmr"
RELAY = "/p2p/12D3KooWWEuXrnKkg6WgxzzAi5RokKTFPrDd7zMSJSMBTtGn4QZa"
HOME = "/ip4/192.168.178.23/tcp/41409"
OUTSIDE = "/ip4/93.184.216.34/tcp/41409"
IPV6 = "/ip6/2a02:8109:9ac0:1b2c:3d4e:5f60:7182:93a4/tcp/41409"
LOCAL_IPV6 = "/ip6/fd00::2/tcp/41409"
VOLUNTEER = "/ip4/85.1.2.3/tcp/4001"


@pytest.mark.parametrize(
    ("addresses", "chosen"),
    [
        ([], ()),
        ([HOME + PEER], (HOME,)),
        ([HOME + PEER, IPV6 + PEER], (HOME, IPV6)),
        ([HOME + PEER, IPV6 + PEER, OUTSIDE + PEER], (OUTSIDE, HOME)),
        ([HOME + PEER, f"{VOLUNTEER}{RELAY}/p2p-circuit{PEER}"], (VOLUNTEER, HOME)),
        ([HOME + PEER, f"{RELAY}/p2p-circuit{PEER}"], (HOME,)),
        ([IPV6 + PEER, LOCAL_IPV6 + PEER], (IPV6, LOCAL_IPV6)),
        ([f"/dns4/{'a' * 90}.example/tcp/1{PEER}", HOME], (f"/dns4/{'a' * 90}.example/tcp/1",)),
        (["/memory/ana/p2p/00ff"], ("/memory/ana",)),
    ],
)
def test_what_everybody_can_dial_comes_first_and_little_else(
    addresses: list[str], chosen: tuple[str, ...]
) -> None:
    assert invite_addresses(addresses) == chosen
