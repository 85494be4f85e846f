"""``python -m amalgamics``: the command where the script of that name is not on the path."""

from .cli.main import main

if __name__ == "__main__":
    main()
