"""Memory of synfer on one culture's recording in a fresh process: see peer.py. Takes data (.npz)."""

import json
import sys

import numpy as np

from memory import peak
from peer import serve
from recordings_against_port import analysed
from recordings_port import allocated


def main() -> None:
    with np.load(json.loads(sys.argv[1])["data"]) as file:
        data = dict(file)
    analysed(data)
    serve({"peak": peak(), "allocated": allocated(lambda: analysed(data))}, dict, sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
