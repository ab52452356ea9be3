"""A router that opens ports, as a process of its own: SSDP and SOAP over real sockets.

    fake_igd.py ADDRESS --external IP [--nft] [--behave WHAT]

It answers searches on UDP (multicast, port 1900, with --nft; else a free port of ADDRESS) and
HTTP on a free port; says both ports on the first line, and then what it is asked for, a line
each. With --nft it really forwards.
"""

import argparse
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GROUP = "239.255.255.250"
SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DESCRIPTION = f"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceList><device><deviceList><device>
<serviceList><service><serviceType>{SERVICE}</serviceType><controlURL>/control</controlURL>
</service></serviceList></device></deviceList></device></deviceList></device></root>"""
ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    "<s:Body>{}</s:Body></s:Envelope>"
)
FAULT = "<s:Fault><detail><UPnPError><errorCode>{}</errorCode></UPnPError></detail></s:Fault>"
BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


class Router(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options: argparse.Namespace
    asked = 0

    def do_GET(self):
        documents = {"entities": BOMB, "garbage": "<root", "huge": "<root>" + "x" * 10_000_000}
        if self.options.behave == "silent":
            threading.Event().wait()
        self._answer(200, documents.get(self.options.behave, DESCRIPTION))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        action = self.headers["SOAPAction"].strip('"').partition("#")[2]
        fields = dict(re.findall(r"<(New\w+)>([^<]*)</", body))
        Router.asked += 1
        port, inside = fields.get("NewExternalPort"), fields.get("NewInternalClient")
        lease = fields.get("NewLeaseDuration")
        print(action, port or "", inside or "", lease or "", flush=True)
        behave = self.options.behave
        fault = None
        if action == "AddPortMapping":
            if behave == "refuse":
                fault = 606
            elif behave == "conflict" and int(port) < 49_152:
                fault = 718
            elif behave == "permanent" and lease != "0":
                fault = 725
        if fault:
            self._answer(500, ENVELOPE.format(FAULT.format(fault)))
            return
        if self.options.nft and action == "AddPortMapping":
            target = f"{inside}:{fields['NewInternalPort']}"
            self._nft(f'iifname "wan" tcp dport {port} dnat to {target}')
        external = f"<NewExternalIPAddress>{self.options.external}</NewExternalIPAddress>"
        tag = f"u:{action}Response"
        self._answer(200, ENVELOPE.format(f'<{tag} xmlns:u="{SERVICE}">{external}</{tag}>'))

    def _nft(self, rule):
        chain = "add chain ip home upnp { type nat hook prerouting priority -100; }"
        script = f"{chain}\nflush chain ip home upnp\nadd rule ip home upnp {rule}\n"
        subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True)

    def _answer(self, status, document):
        encoded = document.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(OSError):  # who asked may have had enough
            self.wfile.write(f"{len(encoded):x}\r\n".encode() + encoded + b"\r\n0\r\n\r\n")

    def log_message(self, *_arguments):
        """Quiet."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--external", required=True)
    parser.add_argument("--nft", action="store_true")
    parser.add_argument("--behave", default="well")
    Router.options = options = parser.parse_args()
    http = ThreadingHTTPServer((options.address, 0), Router)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, daemon=True).start()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if options.nft:
        udp.bind(("", 1900))
        interface = socket.inet_aton(GROUP) + socket.inet_aton(options.address)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, interface)
    else:
        udp.bind((options.address, 0))
    port = http.server_address[1]
    print(udp.getsockname()[1], port, flush=True)
    host = "198.51.100.1" if options.behave == "elsewhere" else options.address
    while True:
        datagram, sender = udp.recvfrom(2048)
        wanted = re.search(rb"\r\nST: (\S+)", datagram)
        if wanted and wanted[1].endswith(b"InternetGatewayDevice:1"):
            answer = f"HTTP/1.1 200 OK\r\nLOCATION: http://{host}:{port}/igd.xml\r\nST: "
            udp.sendto(answer.encode() + wanted[1] + b"\r\n\r\n", sender)


if __name__ == "__main__":
    sys.exit(main())
