"""Answers to a wish for an automation over several protocols: the plan as a file, what is missing, what is asked."""

from __future__ import annotations

from opsterm.assistant.answer import Answer, Block, Listing, Paragraph
from opsterm.assistant.automation_plan import AutomationPlan
from opsterm.assistant.errands import Errand


def answer_automation(errand: Errand, plan: AutomationPlan) -> Answer:
    """Answer with a plan, or with what has to be said first.

    Args:
        errand: what was said.
        plan: what came of it.
    """
    notes: list[Block] = [Paragraph(text=note) for note in plan.notes]
    if plan.question:
        asked: list[Block] = [Paragraph(text=plan.question), *notes, Paragraph(text="Nothing was written.")]
        return Answer(blocks=tuple(asked), interpretation=errand.line, understood=False)
    blocks: list[Block] = [
        Paragraph(text="One plan over several protocols, for one approval. Nothing was proposed, kept or run."),
        Listing(text=plan.text, language="toml"), *notes,
    ]  # fmt: skip
    if plan.missing:
        blocks.append(Paragraph(text="Missing before it can run:"))
        blocks += [Paragraph(text=f"  {one}") for one in plan.missing]
    blocks += [
        Paragraph(text="Keep it as automation.toml. What each step does, its risk, rules and way back:"),
        Paragraph(text="  opsterm change check automation.toml"),
        Paragraph(text="Propose it, be asked about it once, and run it:"),
        Paragraph(text="  opsterm change run automation.toml"),
    ]
    return Answer(blocks=tuple(blocks), interpretation=errand.line)
