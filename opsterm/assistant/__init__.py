"""From the operator's words to a question, an answer or a proposal."""
