"""Judges: a language model that rates an output, compares two, or picks one of several.

Not here: tournaments (`topdraw.flows`), models (`topdraw.models`), the bill (`topdraw.store`).
Try it: `topdraw judge --prompts`.
"""
