"""``python -m mockthingspace`` is the ``mockthingspace`` command."""

from mockthingspace.cli.main import main

main()
