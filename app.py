"""The app's entry: draws the first page of the contents in place, so that the address stays as it was typed."""

import runpy
from pathlib import Path

from fimviz import ui

# A switch_page would drop the query and trap the Back button.
runpy.run_path(str(Path(__file__).with_name("pages") / Path(ui.CONTENTS[0].file).name))
