"""An encoder on disk: ``weights.npz`` and ``encoder.json`` in a folder named by the model.

The folder appears whole or not at all: it is written beside its place and moved there. What
is read back must have the hash it was written with.
"""

import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np

from alphaloop.core.errors import NoData, UnreadableFile
from alphaloop.core.time import Timeframe, iso
from alphaloop.features.sources.encoder.pca import FORM, MarketEncoder

_ARRAYS = ("scale", "weights", "bias", "explained")


def save_encoder(encoder: MarketEncoder, folder: Path) -> Path:
    """Write the encoder into ``folder / encoder.model``; the same encoder twice is written once.

    Returns
    -------
    pathlib.Path
        The folder of this encoder.
    """
    place = folder / encoder.model
    if place.exists():
        load_encoder(place)
        return place
    fresh = folder / f".{encoder.model}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        np.savez(fresh / "weights.npz", **{name: getattr(encoder, name) for name in _ARRAYS})
        card = {
            "model": encoder.model,
            "hash": encoder.hash,
            "form": FORM,
            "timeframe": str(encoder.timeframe),
            "trained_on": [iso(encoder.start), iso(encoder.until)],
            "start_us": encoder.start,
            "until_us": encoder.until,
            "symbols": list(encoder.symbols),
            "window": encoder.window,
            "dimension": encoder.dimension,
            "explained": encoder.explained.tolist(),
        }
        (fresh / "encoder.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        fresh.rename(place)
    except FileExistsError:
        pass  # another process wrote the same encoder meanwhile
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return place


def load_encoder(place: Path) -> MarketEncoder:
    """Read an encoder back from its own folder.

    Raises
    ------
    NoData
        If there is no such folder.
    UnreadableFile
        If a file is missing, cut off, of another form, or its hash is not the one it was written with.
    """
    if not place.is_dir():
        raise NoData(f"no encoder at '{place.name}'", "a folder written by save_encoder", "fit one first")
    try:
        card = json.loads((place / "encoder.json").read_text(encoding="utf-8"))
        with np.load(place / "weights.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _ARRAYS}
        timeframe, span = Timeframe.parse(card["timeframe"]), (int(card["start_us"]), int(card["until_us"]))
        encoder = MarketEncoder(timeframe, *span, tuple(card["symbols"]), **arrays)
        told = (card["form"], card["hash"])
        found = (FORM, encoder.hash)
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise UnreadableFile(
            f"encoder '{place.name}': {error}", "weights.npz and encoder.json", "fit it again"
        ) from error
    if told != found:
        raise UnreadableFile(f"encoder '{place.name}' of form and hash {found}", f"{told}", "fit it again")
    return encoder
