"""From the QR code's text to the first search, on a LAN, with no address typed or in the code."""

import time
from dataclasses import replace

from protocol.invite import read_invite_text, write_invite

A_MINUTE_S = 60.0


def test_who_scans_a_code_finds_the_first_listing_within_a_minute(internet, settle, until):
    lan = internet.lan()
    ana, ben = settle("ana", lan.place()), settle("ben", lan.place())
    ana.up()
    ana.run("community", "create", "--name", "Lindenau", "--rules", "Be kind.")
    ana.give("Kinderbett")
    made = read_invite_text(ana.run("invite")["invite"])
    assert made.addresses
    text = write_invite(replace(made, addresses=()))
    ben.up()
    began = time.monotonic()
    ben.run("join", "--yes", typed=f"{text}\n")
    until(lambda: ben.titles() == ["Kinderbett"])
    took = time.monotonic() - began
    print(f"from the code to the first search: {took:.1f} s")
    assert took < A_MINUTE_S
    until(lambda: ben.community()["my_status"] == "confirmed")
