"""`python -m recorte` is the command `recorte`."""

from recorte.cli import main

if __name__ == "__main__":
    main()
