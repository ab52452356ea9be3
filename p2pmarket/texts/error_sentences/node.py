"""The home, its files, the daemon, the interface and backups."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

NODE: Mapping[str, Sentences] = {
    # -- the home and its files
    "no-household": Sentences(
        msgid("There is no household in {path} yet."),
        msgid("Create it with “p2pmarket init --name NAME”."),
    ),
    "not-set-up": Sentences(
        msgid("The node is not running, and there is no household in {path} yet."),
        msgid("Create it with “p2pmarket init --name NAME”, then start it with “p2pmarket up”."),
    ),
    "no-identity": Sentences(
        msgid("There is no household key in {path}."),
        msgid("Create a household with “p2pmarket init --name NAME”."),
    ),
    "home-exists": Sentences(
        msgid("{path} already holds a household or other files, and is left as it is."),
        msgid("Choose another folder with --home, or use the household that is there."),
    ),
    "home-not-writable": Sentences(
        msgid("{path} cannot be written to."),
        msgid("Check who owns the folder and whether the disk is read-only; nothing was lost."),
    ),
    "home-path-too-long": Sentences(
        msgid("The path {path} is too long for the daemon's socket, which has room for 103 bytes."),
        msgid("Choose a shorter folder with --home."),
    ),
    "disk-full": Sentences(
        msgid("The disk that holds {path} is full, so this was not saved."),
        msgid("Free some space and try again; what was saved before is safe."),
    ),
    "settings-damaged": Sentences(
        msgid("{path} is damaged."),
        msgid("Write it again with “p2pmarket profile --name NAME”, or restore a backup."),
    ),
    "cross-posts-damaged": Sentences(
        msgid("{path}, which tells what you offer in several communities, is damaged."),
        msgid(
            "Restore a backup, or delete the file: your listings stay, but are not known to be the"
            " same thing any more. Mark or withdraw one of each two."
        ),
    ),
    "windows-damaged": Sentences(
        msgid("{path}, which tells between which communities you carry listings, is damaged."),
        msgid(
            "Restore a backup, or delete the file and open the windows again with “p2pmarket window"
            " open”."
        ),
    ),
    "key-file-unreadable": Sentences(
        msgid("The key file {path} cannot be read."),
        msgid("Check that it belongs to you: it needs to be readable by its owner."),
    ),
    "key-file-open-to-others": Sentences(
        msgid("Others on this computer can read the key file {path} (mode {mode})."),
        msgid("Make it private with: chmod 600 {path}"),
    ),
    "key-file-damaged": Sentences(
        msgid("The key file {path} is damaged."),
        msgid("Restore the household from a backup, or from its 24 words in an empty folder."),
    ),
    "words-invalid": Sentences(
        msgid("These are not the 24 words of a household ({count} words were read)."),
        msgid("Check the spelling and the order, and type all 24 with spaces between them."),
    ),
    "wrong-key": Sentences(
        msgid("The key of this household does not open {path}."),
        msgid("Put back the household.key that belongs to it, or restore a backup."),
    ),
    "newer-schema": Sentences(
        msgid(
            "{path} was written by a newer version of p2pmarket (format {found}; this one knows"
            " {known})."
        ),
        msgid("Update p2pmarket; the file was left as it is."),
    ),
    "not-a-community": Sentences(
        msgid("{path} holds no community that can be opened."),
        msgid("Remove that folder if you do not need it, or restore a backup."),
    ),
    # -- the daemon
    "not-running": Sentences(
        msgid("The node of {path} is not running."),
        msgid("Start it with “p2pmarket up --detach”."),
    ),
    "already-running": Sentences(
        msgid("A node is already running for {path} (process {pid})."),
        msgid("Use it as it is, or end it with “p2pmarket down”."),
    ),
    "socket-refused": Sentences(
        msgid("The node of {path} cannot be reached: {reason}."),
        msgid("Run the command as the user to whom the household belongs."),
    ),
    "daemon-gone": Sentences(
        msgid("The node ended before it answered."),
        msgid("Read {path}, then start it again with “p2pmarket up --detach”."),
    ),
    "daemon-silent": Sentences(
        msgid("The node of {path} has not answered for five minutes."),
        msgid("End it with “p2pmarket down” and start it again with “p2pmarket up --detach”."),
    ),
    "daemon-did-not-start": Sentences(
        msgid("The node did not start."), msgid("Read {path} for the reason.")
    ),
    "daemon-did-not-stop": Sentences(
        msgid("The node (process {pid}) is still ending its work."),
        msgid("Wait a moment, or end it at once with: kill -9 {pid}"),
    ),
    "node-fell": Sentences(
        msgid("The node of the community in folder {name} fell because of a fault."),
        msgid("Restart it with “p2pmarket down” and “p2pmarket up --detach”; see {path}."),
    ),
    "system-refused": Sentences(msgid("The system refused: {reason}.")),
    "bug": Sentences(
        msgid("That is a fault in p2pmarket, number {reference}; nothing you did wrong."),
        msgid("Please report it with the lines that {path} holds for this number."),
    ),
    "port-in-use": Sentences(
        msgid("Another program already listens at {address}."),
        msgid("End that program, or choose another port with “p2pmarket up --listen”."),
    ),
    "listen-address-malformed": Sentences(
        msgid("{address} is not an address to listen at."),
        msgid("Write it like /ip4/0.0.0.0/tcp/4001."),
    ),
    "listen-address-unavailable": Sentences(
        msgid("This computer cannot listen at {address}: {why}."),
        msgid("Choose an address of this computer, for example /ip4/0.0.0.0/tcp/4001."),
    ),
    # -- the interface
    "request-malformed": Sentences(
        msgid("The request is malformed at “{field}”."),
        msgid("GET /v1/openapi.json describes the interface."),
    ),
    "request-too-long": Sentences(
        msgid("The request is longer than {most} bytes."), msgid("Send it in several parts.")
    ),
    "path-not-found": Sentences(
        msgid("There is nothing at {method} {path}."),
        msgid("GET /v1/openapi.json describes the interface."),
    ),
    "too-many-rows": Sentences(
        msgid("At most {most} listings can be published in one request."),
        msgid("Send them in several parts."),
    ),
    # -- backups
    "backup-exists": Sentences(
        msgid("{path} exists already, and is not overwritten."), msgid("Choose another name.")
    ),
    "backup-not-writable": Sentences(
        msgid("{path} cannot be written."), msgid("Choose a folder that you may write to.")
    ),
    "backup-unreadable": Sentences(
        msgid("{path} is not a backup of p2pmarket, or cannot be read."),
        msgid("Choose the file that “p2pmarket backup” wrote."),
    ),
    "backup-wrong-words": Sentences(
        msgid("These 24 words do not open {path}."),
        msgid("Use the words of the household whose backup it is."),
    ),
    "backup-damaged": Sentences(
        msgid("The backup is damaged or cut off; nothing was changed."),
        msgid("Use another copy of it."),
    ),
}
