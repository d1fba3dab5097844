"""Use-cases of somebody who approves for another account's opsterm: read what is asked, and say yes to it.

The request is the canonical form of the order, so what is read is what would run. The answer is a text that the
other account takes in: a statement, which counts by whose file it is, or a signature, which counts by its key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from opsterm.core.errors import BadInput
from opsterm.policy.approval import require_showable
from opsterm.policy.order import Order, order_of
from opsterm.runtime.approval_identity import APPROVE, NAMESPACES
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_approval import Accounts, Signatures


class Countersigning:
    """Reads a request and answers it. Opens no store: it is another account's change."""

    def __init__(
        self, operator: Operator, accounts: Accounts, open_signatures: Callable[[], Awaitable[Signatures]],
        offload: Offload,
    ) -> None:  # fmt: skip
        self._operator = operator
        self._accounts = accounts
        self._open_signatures = open_signatures
        self._offload = offload

    async def read(self, path: str) -> Order:
        """Return what a file asks to approve. Raises BadInput: it is none, or it could not be shown whole."""
        found = await self._offload.run("files", lambda: self._accounts.written(path))
        order = order_of(found.text.strip().encode())
        require_showable(order.command)
        return order

    async def answer(self, order: Order, *, verb: str = APPROVE, key: str = "", note: str = "") -> str:
        """Return the text that says yes.

        Args:
            order: what was read.
            verb: APPROVE or REVIEW.
            key: a key file, or "agent", to sign with; "" for a statement.
            note: why; only a statement holds it.

        Raises:
            BadInput: it has expired already, or there is no such key.
        """
        digest = order.digest()
        if not key:
            return f"{verb} {digest}\n{note}".rstrip() + "\n"
        if note:
            raise BadInput(
                "A signature holds no reason.", next_step="Whoever takes it in says it there, with --reason."
            )
        signatures = await self._open_signatures()
        return await signatures.sign(digest, NAMESPACES[verb], key=key, account=self._operator.name)
