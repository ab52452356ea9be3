"""Multiaddrs and peer ids."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID

from node.network.libp2p.addresses import (
    MAX_ADDRESS_CHARS,
    dialable,
    format_address,
    host_key_of,
    parse_address,
    peer_id_of,
)
from node.network.port import HostKey


@pytest.mark.covers("TRN-7")
def test_a_peer_id_is_libp2ps():
    keys = create_new_key_pair(bytes(32))
    host_key = HostKey(keys.public_key.to_bytes())
    assert peer_id_of(host_key) == str(ID.from_pubkey(keys.public_key))
    assert host_key_of(peer_id_of(host_key)) == host_key


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_a_host_key_survives_its_peer_id(host_key):
    assert host_key_of(peer_id_of(HostKey(host_key))) == host_key


@pytest.mark.parametrize(
    ("text", "protocol", "host", "port"),
    [
        ("/ip4/10.0.0.1/tcp/4001", "ip4", "10.0.0.1", 4001),
        ("/ip6/fd00::1/tcp/0", "ip6", "fd00::1", 0),
        ("/dns4/node.example/tcp/65535", "dns4", "node.example", 65535),
    ],
)
def test_a_tcp_address_is_taken_apart(text, protocol, host, port):
    parsed = parse_address(text)
    assert (parsed.protocol, parsed.host, parsed.port, parsed.peer) == (protocol, host, port, None)
    host_key = HostKey(bytes(range(32)))
    assert parse_address(f"{text}/p2p/{peer_id_of(host_key)}").peer == host_key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/ip4/10.0.0.1",
        "/ip4/10.0.0.1/udp/4001",
        "/ip4/10.0.0.1/tcp/65536",
        "/ip4/10.0.0.1/tcp/-1",
        "/ip4/10.0.0.1/tcp/²",
        "/ip4/10.0.0.1/tcp/",
        "/ip4/10.0.0.256/tcp/1",
        "/ip6/10.0.0.1/tcp/1",
        "/dns4//tcp/1",
        "/ip4/10.0.0.1/tcp/4001/p2p/",
        "/ip4/10.0.0.1/tcp/4001/p2p/0OIl",
        "/ip4/10.0.0.1/tcp/4001/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
        "/ip4/10.0.0.1/tcp/4001/ws/x",
        "/ip4/10.0.0.1/tcp/4001/p2p-circuit/x",
        "/dns4/" + "x" * MAX_ADDRESS_CHARS + "/tcp/1",
    ],
)
def test_anything_else_is_a_value_error(text):
    with pytest.raises(ValueError):
        parse_address(text)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_parsing_raises_nothing_but_value_errors(text):
    for candidate in (text, f"/ip4/10.0.0.1/tcp/1/p2p/{text}", f"/dns/{text}/tcp/{text}"):
        try:
            parse_address(candidate)
        except ValueError:
            continue


def test_addresses_of_sockets_become_multiaddrs():
    assert format_address("10.0.0.1", 1) == "/ip4/10.0.0.1/tcp/1"
    assert format_address("::1", 1) == "/ip6/::1/tcp/1"
    assert format_address("::ffff:10.0.0.1", 1) == "/ip4/10.0.0.1/tcp/1"
    assert format_address("fe80::1%eth0", 1) == "/ip6/fe80::1/tcp/1"


def test_a_wildcard_becomes_the_addresses_of_the_interfaces():
    host_key = HostKey(bytes(32))
    for wildcard in ("/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001"):
        for address in dialable([wildcard], host_key):
            parsed = parse_address(address)
            assert parsed.host not in ("0.0.0.0", "::")
            assert (parsed.port, parsed.peer) == (4001, host_key)
    assert len(dialable(["/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/1"], host_key)) == 1


def test_of_several_addresses_those_that_lead_out_come_first(monkeypatch):
    found = ["127.0.0.1", "172.17.0.1", "192.168.7.2", "::1", "fe80::1", "fd00::2", "2a01:4f8::2"]
    monkeypatch.setattr("node.network.libp2p.addresses.interface_addresses", lambda: found)
    wildcards = ["/ip4/0.0.0.0/tcp/1", "/ip6/::/tcp/1"]
    ways = ("192.168.7.2", "2a01:4f8::2")
    told = [parse_address(each).host for each in dialable(wildcards, HostKey(bytes(32)), ways)]
    assert told == ["192.168.7.2", "2a01:4f8::2", "172.17.0.1", "fd00::2"]
    # Where there is IPv6 only, the loopback address of the other version is of no use.
    del found[1:3]
    told = [parse_address(each).host for each in dialable(wildcards, HostKey(bytes(32)))]
    assert told == ["fd00::2", "2a01:4f8::2"]
    # A machine without a network can still be reached from itself.
    del found[2:]
    assert len(dialable(wildcards, HostKey(bytes(32)))) == 2
