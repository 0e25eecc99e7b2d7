"""The marts' figures once more, in pandas, from the rows as accepted and the formulas of the domain notes.

Nothing here reads a model: a figure of a mart that equals one of these was computed twice.
"""
