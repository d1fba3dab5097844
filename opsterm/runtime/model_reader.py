"""Reads what targets wrote, for a model that has tools: by a call that has none, and whose answer has a fixed form."""

from __future__ import annotations

import secrets

from opsterm.assistant.artefact import Artefact
from opsterm.assistant.model.digest import FORM, READS, Digest, digest_by_rules, digest_of
from opsterm.assistant.model.fence import fenced, numbered
from opsterm.assistant.model.talk import ChatAsk, ChatMessage, Role
from opsterm.core.errors import ModelUnavailable
from opsterm.runtime.model_talk import ModelTalk


class ModelReader:
    """Makes digests."""

    def __init__(self, talk: ModelTalk) -> None:
        self._talk = talk

    async def read(self, one: Artefact, sent: list[ChatAsk]) -> Digest:
        """Return what an artefact shows; by our own rules where the model keeps to no form.

        `sent` takes in what is sent to the model for it.
        """
        asked = [
            ChatMessage(role=Role.SYSTEM, text=READS),
            ChatMessage(role=Role.USER, text=fenced(numbered(one.text), secrets.token_hex(8))),
        ]
        try:
            value, _ = await self._talk.formed(asked, FORM, sent=sent)
        except ModelUnavailable:
            return digest_by_rules(one.text)
        return digest_of(value, one.text.count("\n") + 1)
