"""The command `fimviz`: opens the app, from any folder."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).parent


def app() -> Path:
    """app.py as installed with the package, else the checkout's; Streamlit reads the config beside it."""
    for path in (_HERE / "_app" / "app.py", _HERE.parent / "app.py"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"app.py is neither in {_HERE / '_app'} nor in {_HERE.parent}; install fimviz again.")


def main() -> None:
    """Run Streamlit on the app; further arguments are Streamlit's, such as --server.port 8600."""
    from streamlit.web import cli

    sys.argv = ["streamlit", "run", str(app()), *sys.argv[1:]]
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
