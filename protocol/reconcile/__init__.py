"""Range-based set reconciliation (docs/spec/05-reconciliation.md).

    initiator = Initiator(items, jitter=…)
    message = initiator.initiate()
    while message is not None:
        reply = …send it; the other side returns respond(its_items, message)…
        message, have, need = initiator.reconcile(reply)

A message fits one frame; a set may change at any time during an exchange.
"""

from protocol.reconcile.exchange import Initiator, Step, Wanted, respond
from protocol.reconcile.items import Item, ItemSet

__all__ = ["Initiator", "Item", "ItemSet", "Step", "Wanted", "respond"]
