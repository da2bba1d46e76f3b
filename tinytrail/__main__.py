"""`python -m tinytrail`."""

from tinytrail.cli import main

if __name__ == "__main__":
    main()
