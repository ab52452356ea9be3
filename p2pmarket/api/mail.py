"""Messages: writing, the inbox, threads, and what this computer keeps to itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import trio

from node.mail.chats import MAX_UNREAD, ChatView, ThreadView
from node.mail.incoming import Delivery, DeliveryState
from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.households import find_household
from p2pmarket.api.ledger_views import Names, names_in
from p2pmarket.api.mail_schemas import (
    ChatAnswer,
    DeliveryAnswer,
    InboxAnswer,
    MailStatus,
    MessageAnswer,
    MessageRequest,
    ReadAnswer,
    ReadRequest,
    ThreadAnswer,
    ThreadQuestion,
    ThreadSummary,
)
from p2pmarket.api.waiting import all_waiting, case_lines
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.ids import HouseholdId, ThingKey, text_of
from protocol.text import clean

_MAX_WAIT_S = 10.0
_LOOK_AGAIN_S = 0.05
_MAX_CHATS = 10_000
_SHORTEST_ID = 4


async def _send(call: Call) -> MessageAnswer:
    node, request = call.node, call.body
    if not 0 <= request.wait_seconds <= _MAX_WAIT_S:
        raise LocalError("request-malformed", field="wait_seconds")
    listing = None
    if request.listing is not None:
        listing = await node.market.find(request.listing)
    if request.household is not None:
        household = (await find_household(node, request.household)).household
    elif listing is not None:
        household = listing.household
    else:
        raise LocalError("request-malformed", field="household")
    key = None if listing is None else listing.key
    sent = await node.chats.send(household, request.text, key)
    delivery = await _delivery(node, sent, request.wait_seconds)
    member = await find_household(node, text_of(household))
    title = "" if listing is None else listing.listing.title
    return MessageAnswer(
        (await names_in(node))[household],
        text_of(household),
        member.connected,
        _chat_answer(sent, delivery, key, title),
    )


async def _delivery(node: Node, sent: ChatView, wait_s: float) -> Delivery | None:
    """Return how far a message has come once it has left, or when the time is over."""
    delivery = sent.delivery
    with trio.move_on_after(wait_s):
        while True:
            delivery = (await node.post.delivery([sent.id])).get(sent.id, delivery)
            if delivery is None or delivery.state is not DeliveryState.QUEUED:
                break
            await trio.sleep(_LOOK_AGAIN_S)
    return delivery


async def read_inbox(call: Call) -> InboxAnswer:
    """Return the inbox of one community."""
    node = call.node
    threads, names = await node.chats.threads(), await names_in(node)
    return InboxAnswer(
        sorted((_summary(node, thread, names) for thread in threads), key=lambda t: t.unread == 0),
        await all_waiting(node, call.clock.now_ms()),
        sum(thread.unread for thread in threads),
        (await node.sync.status()).neighbours_connected > 0,
        await case_lines(node),
    )


def _summary(node: Node, thread: ThreadView, names: Names) -> ThreadSummary:
    return ThreadSummary(
        household=names.get(thread.household, thread.name),
        household_id=text_of(thread.household),
        blocked=node.community.blocks(thread.household),
        listing=None if thread.listing is None else text_of(thread.listing),
        title=thread.title,
        unread=thread.unread,
        at=iso(thread.at_ms),
        last_text=thread.last_text,
        last_outgoing=thread.last_outgoing,
    )


async def _thread(call: Call) -> ThreadAnswer:
    node, question = call.node, call.query
    if not 1 <= question.limit <= _MAX_CHATS:
        raise LocalError("field-out-of-range", field="limit", least=1, most=_MAX_CHATS)
    household, name, threads = await _threads_with(node, call.path["household"], question.listing)
    chats = [
        (chat.at_ms, _chat_answer(chat, chat.delivery, thread.listing, thread.title))
        for thread in threads
        for chat in await node.chats.thread(household, thread.listing)
    ]
    # Sorting is stable: what was written in the same millisecond stays in its order.
    answers = [answer for _, answer in sorted(chats, key=lambda chat: chat[0])]
    return ThreadAnswer(
        name,
        text_of(household),
        node.community.blocks(household),
        sum(thread.unread for thread in threads),
        len(answers) > question.limit,
        answers[-question.limit :],
    )


async def _mark_read(call: Call) -> ReadAnswer:
    node = call.node
    household, _, threads = await _threads_with(node, call.path["household"], call.body.listing)
    marked = [await node.chats.mark_read(household, t.listing) for t in threads if t.unread]
    return ReadAnswer(sum(marked))


async def _threads_with(
    node: Node, typed: str, listing: str | None
) -> tuple[HouseholdId, str, list[ThreadView]]:
    """Return a household, its name, and its threads: all, or that about one listing.

    Also of households that are gone, and of listings that show no more: what was written stays.
    """
    threads = await node.chats.threads()
    household, name = await _party(node, typed, threads)
    own = [thread for thread in threads if thread.household == household]
    if listing is None:
        return household, name, own
    key = await _listing_key(node, listing, own)
    return household, name, [thread for thread in own if thread.listing == key]


async def _party(node: Node, typed: str, threads: Sequence[ThreadView]) -> tuple[HouseholdId, str]:
    try:
        member = await find_household(node, typed)
    except LocalError as error:
        wanted = clean(typed).casefold()
        found = {
            thread.household: thread.name
            for thread in threads
            if len(wanted) >= _SHORTEST_ID and text_of(thread.household).startswith(wanted)
        }
        if error.code != "household-not-found" or len(found) != 1:
            raise
        return next(iter(found.items()))
    return member.household, (await names_in(node))[member.household]


async def _listing_key(node: Node, typed: str, threads: Sequence[ThreadView]) -> ThingKey:
    wanted = typed.strip().lower()
    keys = {
        thread.listing
        for thread in threads
        if thread.listing is not None and text_of(thread.listing).startswith(wanted)
    }
    if len(keys) == 1 and len(wanted) >= _SHORTEST_ID:
        return keys.pop()
    return (await node.market.find(typed)).key


def _chat_answer(
    chat: ChatView, delivery: Delivery | None, listing: ThingKey | None, title: str
) -> ChatAnswer:
    return ChatAnswer(
        id=text_of(chat.id),
        outgoing=chat.outgoing,
        text=chat.text,
        at=iso(chat.at_ms),
        read=chat.read,
        delivery=None if delivery is None else delivery_answer(delivery),
        listing=None if listing is None else text_of(listing),
        title=title,
    )


async def mail_status(node: Node) -> MailStatus:
    """Return how the mail of a node stands, for its status."""
    holding, threads = await node.post.holding(), await node.chats.threads()
    unread: Counter[str] = Counter()
    for thread in threads:
        unread[thread.name or text_of(thread.household)[:10]] += thread.unread
    held = holding.for_others
    return MailStatus(
        unread=unread.total(),
        queued=holding.queued,
        held=held.parcels,
        held_bytes=held.bytes,
        depositors=held.depositors,
        depositors_full=held.full,
        flooding=sorted(name for name, count in unread.items() if count >= MAX_UNREAD),
    )


def delivery_answer(delivery: Delivery) -> DeliveryAnswer:
    """Return how far something has come, as it is answered."""
    return DeliveryAnswer(delivery.state.value, delivery.holders, iso(delivery.at_ms))


_THREAD = IN_COMMUNITY + "/threads/{household}"

ENDPOINTS = (
    Endpoint(
        "POST",
        IN_COMMUNITY + "/messages",
        "Write to a household, encrypted for it alone",
        _send,
        MessageAnswer,
        body=MessageRequest,
    ),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/inbox",
        "Threads, and what waits for this household",
        read_inbox,
        InboxAnswer,
    ),
    Endpoint(
        "GET",
        _THREAD,
        "What was written with one household",
        _thread,
        ThreadAnswer,
        query=ThreadQuestion,
    ),
    Endpoint(
        "POST",
        _THREAD + "/reading",
        "Note that a person has read a thread",
        _mark_read,
        ReadAnswer,
        body=ReadRequest,
    ),
)
