"""Addresses that change, a network without a way out, and a Wi-Fi that drops."""

import time

PORT = 4001


def found(household, *options):
    household.up(*options)
    household.run("community", "create", "--name", "Lindenau", "--rules", "Be kind.")


def join(household, founder):
    household.up()
    invite = founder.run("invite")["invite"]
    household.run("join", "--yes", typed=f"{invite}\n")


def test_in_a_network_without_a_way_out_multicast_finds_the_neighbours(internet, settle, until):
    lan = internet.lan()
    ana, ben = settle("ana", lan.place()), settle("ben", lan.place())
    found(ana)
    invite = ana.run("invite")["invite"]
    # The addresses in the invite lead nowhere any more: only multicast finds her.
    ana.place.move("192.168.9.77", "192.168.9.1")
    ben.up()
    until(lambda: "id" in ben.ask("join", "--yes", typed=f"{invite}\n"))
    until(lambda: "ana" in ben.peers())
    assert "/192.168.9.77/" in ben.peers()["ana"]
    ana.give("Kinderbett")
    until(lambda: ben.titles() == ["Kinderbett"])
    ben.run("message", "ana", "Ist es noch da?")
    until(lambda: ana.texts("ben") == ["Ist es noch da?"])


def test_where_there_is_only_ipv6_neighbours_meet_all_the_same(internet, settle, until):
    ruth, ben = settle("ruth", internet.public(2)), settle("ben", internet.public(3))
    ruth.place.only_ipv6("2a01:4f8::2")
    ben.place.only_ipv6("2a01:4f8::3")
    found(ruth)
    join(ben, ruth)
    until(lambda: ben.peers().get("ruth", "").startswith("/ip6/2a01:4f8::2/tcp/"))
    ruth.give("Kinderbett")
    until(lambda: ben.titles() == ["Kinderbett"])
    ben.run("message", "ruth", "Ist es noch da?")
    until(lambda: ruth.texts("ben") == ["Ist es noch da?"])
    until(lambda: ben.reach()["verdict"] == "public")
    assert ben.reach()["public_addresses"][0].startswith("/ip6/2a01:4f8::3/tcp/")


def test_a_node_whose_address_changes_is_found_again(internet, settle, until):
    ruth, ben = settle("ruth", internet.public(2)), settle("ben", internet.public(3))
    ana = settle("ana", internet.home(11).place())
    found(ruth, "--listen", f"/ip4/0.0.0.0/tcp/{PORT}")
    for household in (ana, ben):
        join(household, ruth)
    until(lambda: set(ana.peers()) == {"ruth", "ben"})
    # In the home, and in public: another lease.
    began = time.monotonic()
    ana.place.move("192.168.7.99", "192.168.7.1")
    ben.place.move("11.0.0.33", None)
    ben.give("Fahrrad")
    until(lambda: ana.titles() == ["Fahrrad"])
    until(lambda: "/11.0.0.33/" in ana.peers().get("ben", ""))
    took = time.monotonic() - began
    print(f"from two new addresses to the next listing: {took:.1f} s")
    # They saw it themselves, and did not wait until silence told.
    assert ben.community()["counters"]["moved"] >= 1
    assert ana.community()["counters"]["moved"] >= 1
    assert "11.0.0.33" in " ".join(ben.community()["addresses"])
    assert "192.168.7.99" in " ".join(ana.community()["addresses"])


def test_after_a_wi_fi_has_dropped_the_neighbours_are_back_soon(internet, settle, until):
    ruth, ana = settle("ruth", internet.public(2)), settle("ana", internet.home(11).place())
    found(ruth, "--listen", f"/ip4/0.0.0.0/tcp/{PORT}")
    join(ana, ruth)
    until(lambda: "ruth" in ana.peers() and "ana" in ruth.peers())
    ana.place.ip("link", "set", "eth0", "down")
    # Both notice by themselves; nobody closes a connection here.
    until(lambda: not ana.peers())
    until(lambda: not ruth.peers())
    ruth.give("Kinderbett")
    ana.run("message", "ruth", "Hast du ein Kinderbett?")
    ana.place.ip("link", "set", "eth0", "up")
    ana.place.ip("route", "replace", "default", "via", "192.168.7.1")
    until(lambda: ana.titles() == ["Kinderbett"])
    until(lambda: ruth.texts("ana") == ["Hast du ein Kinderbett?"])
