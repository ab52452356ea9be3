"""A router that opens ports when asked in a datagram, as a process of its own: PCP or NAT-PMP.

    fake_pcp.py ADDRESS --external IP [--port N] [--nft] [--speaks WHAT] [--behave WHAT]

It says its UDP port on the first line, and then what it is asked for, a line each. With --nft
it really forwards.
"""

import argparse
import socket
import struct
import subprocess
import sys

TCP = 6
EPOCH = 1000


class Router:
    def __init__(self, options, udp):
        self.options = options
        self.udp = udp
        self.nonces = {}
        self.dropped = 0

    def answer(self, asked, sender):
        behave = self.options.behave
        if behave == "lossy" and self.dropped < 1:
            self.dropped += 1
            return
        if behave in ("silent", "deaf-to-maps") and (behave == "silent" or asked[1] == 1):
            return
        if behave == "garbage":
            for junk in (b"", b"\x02", bytes(24), b"\x02\x81" + bytes(5), bytes(1200), asked):
                self.udp.sendto(junk, sender)
            return
        if asked[0] == 2 and self.options.speaks == "nat-pmp":
            self.udp.sendto(struct.pack("!BBHL", 0, 0x80 | asked[1], 1, EPOCH), sender)
        elif asked[0] == 2:
            self.udp.sendto(self.pcp(asked, sender), sender)
        else:
            self.udp.sendto(self.pmp(asked, sender), sender)

    def pcp(self, asked, sender):
        _, opcode, lease, own = struct.unpack_from("!BB2xL16s", asked)
        assert own == bytes(10) + b"\xff\xff" + socket.inet_aton(sender[0])
        if opcode == 0:
            # Announcements are optional; the version is understood all the same.
            return struct.pack("!BBxBLL12x", 2, 0x80, 4, 0, EPOCH)
        nonce, protocol, inside, outside, _ = struct.unpack_from("!12sB3xHH16s", asked, 24)
        assert (opcode, protocol) == (1, TCP)
        print("MAP", inside, outside, lease, flush=True)
        result = 2 if self.options.behave == "refuse" else 0
        if self.nonces.setdefault((sender[0], inside), nonce) != nonce:
            result = 2
        if not lease:
            self.nonces.pop((sender[0], inside), None)
        outside, lease = self.granted(outside, lease)
        self.forward(outside, sender[0], inside)
        if self.options.behave == "other-nonce":
            nonce = bytes(12)
        head = struct.pack("!BBxBLL12x", 2, 0x81, result, lease, EPOCH)
        external = bytes(10) + b"\xff\xff" + socket.inet_aton(self.options.external)
        return head + struct.pack("!12sB3xHH16s", nonce, protocol, inside, outside, external)

    def pmp(self, asked, sender):
        if asked == b"\0\0":
            print("ADDRESS", flush=True)
            result = 3 if self.options.behave == "no-address" else 0
            outside = socket.inet_aton(self.options.external)
            return struct.pack("!BBHL4s", 0, 0x80, result, EPOCH, outside)
        _, opcode, inside, outside, lease = struct.unpack("!BB2xHHL", asked)
        assert opcode == 2
        print("MAP", inside, outside, lease, flush=True)
        outside, lease = self.granted(outside, lease)
        self.forward(outside, sender[0], inside)
        result = 2 if self.options.behave == "refuse" else 0
        return struct.pack("!BBHLHHL", 0, 0x82, result, EPOCH, inside, outside, lease)

    def granted(self, outside, lease):
        if self.options.behave == "port-0":
            return 0, min(lease, 120)
        if self.options.behave == "no-time":
            return outside, 0
        taken = self.options.behave == "other-port" and lease
        return (50_000 if taken else outside), min(lease, 120)

    def forward(self, outside, address, inside):
        if self.options.nft and outside:
            chain = "add chain ip home pcp { type nat hook prerouting priority -100; }"
            rule = f'iifname "wan" tcp dport {outside} dnat to {address}:{inside}'
            script = f"{chain}\nflush chain ip home pcp\nadd rule ip home pcp {rule}\n"
            subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--external", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--nft", action="store_true")
    parser.add_argument("--speaks", default="pcp")
    parser.add_argument("--behave", default="well")
    options = parser.parse_args()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((options.address, options.port))
    print(udp.getsockname()[1], flush=True)
    router = Router(options, udp)
    while True:
        asked, sender = udp.recvfrom(2048)
        router.answer(asked, sender)


if __name__ == "__main__":
    sys.exit(main())
