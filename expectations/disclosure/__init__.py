"""Disclosure control: which cells add up to what, what must be hidden, and the attack on what is shown."""
