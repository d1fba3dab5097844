"""Who says it: the account that runs opsterm, the owner of a file that says so, or the key of a signature."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from opsterm.core.errors import NotApproved, Refused
from opsterm.core.text import clean_line
from opsterm.policy.limits import words_of
from opsterm.policy.requirements import Members, Requirement, groups_of
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_approval import Accounts, Signatures

APPROVE, REVIEW = "approve", "review"
"""What somebody can say of a digest; a signature for one is none for the other."""

NAMESPACES: Mapping[str, str] = {APPROVE: "opsterm-approval", REVIEW: "opsterm-review"}
"""Namespace of the signature, by what is said."""

_ARMOR = "-----BEGIN SSH SIGNATURE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person, and how it is known who that is.

    Attributes:
        who: account, or principal of a key.
        proof: "account", "file of uid 1001", "key SHA256:…".
        signature: armored, "" for none.
        note: what stood with it.
    """

    who: str
    proof: str = "account"
    signature: str = ""
    note: str = ""


class Identities:
    """Finds out who approves."""

    def __init__(
        self, operator: Operator, accounts: Accounts, open_signatures: Callable[[], Awaitable[Signatures]],
        offload: Offload, groups: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._operator = operator
        self._accounts = accounts
        self._open_signatures = open_signatures
        self._offload = offload
        self._groups = groups

    @property
    def operator(self) -> str:
        """The account that runs opsterm."""
        return self._operator.name

    async def find(self, verb: str, digest: str, *, at: float, key: str = "", written: str = "") -> Person:
        """Return who says it.

        Args:
            verb: APPROVE or REVIEW.
            digest: of the order that it is about.
            at: epoch seconds at which a key has to be valid.
            key: a key file, or "agent", with which the account here signs; "" for no signature.
            written: path of a file in which somebody else says it, or has signed it; "" for the account here.

        Raises:
            NotApproved: the file or the signature does not say this.
            BadInput: it cannot be read, or there is no such key.
        """
        if written:
            return await self._from_file(verb, digest, written, at)
        if not key:
            return Person(who=self._operator.name)
        signatures = await self._open_signatures()
        signature = await signatures.sign(digest, NAMESPACES[verb], key=key, account=self._operator.name)
        signer = await signatures.verify(digest, NAMESPACES[verb], signature, at=at)
        if self._operator.name not in signer.names:
            raise NotApproved(
                f"The key {signer.key} is not one of {self._operator.name}.",
                why=f"The file of approvals.allowed_signers has it for {clean_line(', '.join(signer.names))}.",
            )
        return Person(who=self._operator.name, proof=f"key {signer.key}", signature=signature)

    async def _from_file(self, verb: str, digest: str, path: str, at: float) -> Person:
        found = await self._offload.run("files", lambda: self._accounts.written(path))
        if found.text.startswith(_ARMOR):
            signer = await (await self._open_signatures()).verify(digest, NAMESPACES[verb], found.text, at=at)
            return Person(who=signer.names[0], proof=f"key {signer.key}", signature=found.text)
        first, _, note = found.text.partition("\n")
        if first.split() != [verb, digest]:
            raise NotApproved(
                f"{clean_line(path, limit=160)} does not say: {verb} {digest[:16]}…",
                why="It was written for another change, or for other bytes.",
                next_step="Let its owner make it anew: opsterm sign FILE",
            )
        return Person(who=found.owner, proof=f"file of uid {found.uid}", note=note.strip())

    async def require_signed(self, who: str, digest: str, signature: str, *, at: float) -> None:
        """Check once more that somebody signed an approval. Raises NotApproved."""
        signer = await (await self._open_signatures()).verify(digest, NAMESPACES[APPROVE], signature, at=at)
        if who not in signer.names:
            raise NotApproved(f"The signature that is kept for {who} is not theirs.")

    async def members(self, requirement: Requirement) -> Members:
        """Return who is in the groups that a requirement names: lists of the settings, else groups of this host."""
        found = {}
        for group in groups_of(requirement):
            if group in self._groups:
                found[group] = frozenset(words_of(self._groups[group]))
            else:
                found[group] = frozenset(await self._offload.run("files", lambda g=group: self._accounts.members(g)))  # type: ignore[misc]  # the loop's own value
        return lambda group: found.get(group, frozenset())


def require_another(who: str, not_who: str, what: str) -> None:
    """Check that somebody else says it. Raises Refused."""
    if who == not_who:
        raise Refused(
            f"{who} cannot {what}: somebody else has to.",
            next_step="Let another person do it, by a file of theirs: --from FILE. `opsterm sign` makes one.",
        )
