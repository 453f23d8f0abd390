"""Testing a user's listener: the server turned round.

``checks`` has the checks, each a function of a ``Sender``; ``run`` makes a ``Report``
of them, ``results`` and ``reports`` words.
"""
