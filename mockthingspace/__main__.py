"""``python -m mockthingspace`` is the ``mockthingspace`` command."""

from mockthingspace.cli import main

main()
