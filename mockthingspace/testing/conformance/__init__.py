"""Testing a user's listener: the server turned round.

``table`` has the checks as values, ``doing`` and ``trusting`` what each does with a
``Sender``; ``run`` makes a ``Report`` of them, ``results`` and ``reports`` words.
"""
