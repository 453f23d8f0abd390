"""Testing a user's listener: sends what ThingSpace may send, and judges the answers.

``checks`` has the checks, each a function of a ``Sender``; ``run`` makes a ``Report``
of them, ``results`` and ``reports`` words.
"""
