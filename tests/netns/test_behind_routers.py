"""Real daemons behind routers that translate addresses, and one that volunteers as a relay."""

import time

PORT = 4001


def found(settle, internet):
    """Ruth, in public, founds a community and volunteers."""
    ruth = settle("ruth", internet.public(2))
    ruth.up("--listen", f"/ip4/0.0.0.0/tcp/{PORT}")
    ruth.run("community", "create", "--name", "Lindenau", "--rules", "Be kind.")
    ruth.run("relay", "on")
    return ruth


def join(household, ruth, *options):
    household.up(*options)
    invite = ruth.run("invite")["invite"]
    household.run("join", "--yes", typed=f"{invite}\n")


def test_two_households_behind_routers_trade_and_write_through_a_volunteer(internet, settle, until):
    ruth = found(settle, internet)
    # The same private addresses on both sides, as at most homes.
    ana = settle("ana", internet.home(11).place())
    ben = settle("ben", internet.home(12).place())
    for household in (ana, ben):
        join(household, ruth)
    for one, other in ((ana, "ben"), (ben, "ana")):
        until(lambda one=one, other=other: "/p2p-circuit" in one.peers().get(other, ""))
        assert one.reach()["verdict"] == "relayed"
        assert one.reach()["through"] == ["ruth"]
    assert ruth.reach()["carried"] >= 1
    ana.give("Kinderbett")
    until(lambda: ben.titles() == ["Kinderbett"])
    ben.run("message", "ana", "Passt heute um fünf?")
    until(lambda: ana.texts("ben") == ["Passt heute um fünf?"])
    # What passed Ruth's node was sealed: no letter was ever left with her.
    assert ruth.community()["mail"]["held"] == 0


def test_when_one_volunteer_loses_power_the_other_carries_on(internet, settle, until):
    ruth = found(settle, internet)
    ole = settle("ole", internet.public(3))
    join(ole, ruth, "--listen", f"/ip4/0.0.0.0/tcp/{PORT}")
    ole.run("relay", "on")
    ana = settle("ana", internet.home(11).place())
    ben = settle("ben", internet.home(12).place())
    for household in (ana, ben):
        join(household, ruth)
    # Two places from the beginning, and a connection through one of them.
    until(lambda: all(len(h.reach()["through"]) == 2 for h in (ana, ben)))
    until(lambda: "/p2p-circuit" in ana.peers().get("ben", ""))
    until(lambda: ruth.reach()["carried"] + ole.reach()["carried"] > 0)
    dark, lit = (ruth, ole) if ruth.reach()["carried"] else (ole, ruth)
    began = time.monotonic()
    dark.place.ip("link", "set", "eth0", "down")
    ana.give("Kinderbett")
    ben.run("message", "ana", "Passt heute um fünf?")
    # Gossip has two ways from the beginning.
    until(lambda: ben.titles() == ["Kinderbett"])
    print(f"without the one volunteer: the listing after {time.monotonic() - began:.1f} s,")
    until(lambda: ana.texts("ben") == ["Passt heute um fünf?"])
    print(f"the letter after {time.monotonic() - began:.1f} s,")
    until(lambda: lit.reach()["carried"] > 0)
    print(f"connected through the other after {time.monotonic() - began:.1f} s")
    assert [h.reach()["through"] for h in (ana, ben)] == [[lit.name]] * 2
    until(lambda: {lit.name, "ben"} == set(ana.peers()))


def test_a_node_learns_how_it_is_reached_and_says_so(internet, settle, until):
    ruth = found(settle, internet)
    ana = settle("ana", internet.home(11).place())
    join(ana, ruth)
    # Ana sees Ruth from outside: her port answers. Ruth sees that Ana's router lets nobody in.
    until(lambda: ruth.reach()["verdict"] == "public")
    assert ruth.reach()["public_addresses"] == [f"/ip4/11.0.0.2/tcp/{PORT}"]
    until(lambda: ana.reach()["verdict"] == "relayed")
    ruth.run("relay", "off")
    until(lambda: ana.reach()["verdict"] == "home")
    port = ana.community()["addresses"][0].split("/")[4]
    findings = {f["subject"]: f for f in ana.run("doctor", exit_code=1)["results"]}
    assert not findings["From outside"]["well"]
    assert "relay on" in findings["From outside"]["text"]
    assert f"open TCP port {port} for this computer" in findings["From outside"]["text"]
    # A port forwarded by hand is noticed.
    ana.place.home.forward(int(port), ana.place)
    ana.down()
    ana.up()
    until(lambda: ana.reach()["verdict"] == "public")
    assert ana.reach()["public_addresses"] == [f"/ip4/11.0.0.11/tcp/{port}"]


def test_a_router_that_offers_it_is_asked_to_open_a_port(internet, settle, until):
    ruth = found(settle, internet)
    with_upnp, with_pcp = internet.home(11), internet.home(12)
    with_upnp.offers_upnp("11.0.0.11")
    with_pcp.offers_pcp("11.0.0.12")
    ana, ben = settle("ana", with_upnp.place()), settle("ben", with_pcp.place())
    for household in (ana, ben):
        join(household, ruth)
        until(lambda household=household: household.reach()["verdict"] == "public")
        assert household.reach()["public_addresses"] == [household.reach()["mapped_address"]]
    assert ana.run("doctor")["well"]
    # Neither needs a relay to reach the other.
    until(lambda: "ana" in ben.peers() and "ben" in ana.peers())
    assert ben.peers()["ana"].startswith("/ip4/11.0.0.11/tcp/")
    assert ana.peers()["ben"].startswith("/ip4/11.0.0.12/tcp/")


def test_where_routers_keep_ports_a_hole_is_punched_and_the_relay_is_left(internet, settle, until):
    ruth = found(settle, internet)
    ana = settle("ana", internet.home(11, keeps_ports=True).place())
    ben = settle("ben", internet.home(12, keeps_ports=True).place())
    for household in (ana, ben):
        join(household, ruth)
    for one, other, outside in ((ana, "ben", "11.0.0.12"), (ben, "ana", "11.0.0.11")):
        until(
            lambda one=one, other=other, outside=outside: (
                one.peers().get(other, "").startswith(f"/ip4/{outside}/tcp/")
            )
        )
        assert one.community()["counters"]["hole-punch:well"] >= 1
    until(lambda: ruth.reach()["carried"] == 0)
    ben.run("message", "ana", "Jetzt ohne Umweg.")
    until(lambda: ana.texts("ben") == ["Jetzt ohne Umweg."])
