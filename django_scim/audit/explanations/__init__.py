"""Explain events in words: the action, the cause, the remedy, and the changes."""

from .advice import Explanation, Step, explain, explanation, needs_attention, reason_of, steps
from .reasons import REASONS
from .resolution import resolution_of
from .sentences import object_of, sentence
from .wording import changes_in_words

__all__ = [
    "REASONS",
    "Explanation",
    "Step",
    "changes_in_words",
    "explain",
    "explanation",
    "needs_attention",
    "object_of",
    "reason_of",
    "resolution_of",
    "sentence",
    "steps",
]
