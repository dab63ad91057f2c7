"""Reads drawings and textures from unpacked Debian packages.

A folder holds either the unpacked packages (`x_openclipart-png` and so on) or only the files needed, each named after
its collection and its path: `ufo_tex_misc_straw.png` is `tex_misc/straw.png` of the collection `ufo`.
"""

import dataclasses
import io
import zipfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image


class Package(NamedTuple):
    """Where a Debian package keeps its pictures."""

    # Name of the package.
    name: str
    # Folder or zip archive in the package.
    inside: str
    # Whether `inside` is an archive; its pictures are under `textures/`.
    archived: bool


COLLECTIONS = {
    "clip": Package("openclipart-png", "usr/share/openclipart/png", False),
    "nex": Package("nexuiz-textures", "usr/share/games/nexuiz/data/textures.pk3", True),
    "ufo": Package("ufoai-textures", "usr/share/games/ufoai/base/0textures.pk3", True),
}


class MissingSource(Exception):
    """A picture is neither in an unpacked package nor among extracted files; the message says how to get it."""


@dataclasses.dataclass(frozen=True)
class Sources:
    """The pictures that sets are drawn from."""

    folder: Path

    def image(self, collection, path):
        """A picture of a collection."""
        return Image.open(io.BytesIO(self.read(collection, path)))

    def read(self, collection, path):
        """The bytes of a picture, from an extracted file if there is one."""
        extracted = self.folder / f"{collection}_{path.replace('/', '_')}"
        if extracted.exists():
            return extracted.read_bytes()
        package = COLLECTIONS[collection]
        inside = self.folder / f"x_{package.name}" / package.inside
        try:
            if not package.archived:
                return (inside / path).read_bytes()
            with zipfile.ZipFile(inside) as archive:
                return archive.read(f"textures/{path}")
        except (FileNotFoundError, NotADirectoryError, KeyError):
            missing = f"{inside}: textures/{path}" if package.archived else inside / path
            raise MissingSource(
                f"{missing} is missing, and so is {extracted}. The Debian package {package.name} has it:\n"
                f"  cd {self.folder} && apt-get download {package.name} && "
                f"dpkg -x {package.name}_*.deb x_{package.name}"
            ) from None
