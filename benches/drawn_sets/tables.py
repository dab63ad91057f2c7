"""What the sets are drawn from, and how many images each has."""

from typing import NamedTuple

# Images without defects for training and for testing, and test images of each kind of defect.
TRAINING_IMAGES, NORMAL_IMAGES, IMAGES_OF_A_KIND = 60, 30, 8


class Drawing(NamedTuple):
    """A part: one drawing of openclipart-png on a plain background."""

    # Path of the drawing below `usr/share/openclipart/png`.
    path: str
    # Whether the part lies at any angle; otherwise it turns by at most 3 degrees.
    turns: bool
    # Share of the image that the part covers; less if it would not fit into the image then.
    share: float
    # Colour of the background.
    ground: tuple[int, int, int]


class Surface(NamedTuple):
    """A texture of nexuiz-textures or ufoai-textures."""

    # `nex` or `ufo`: see `packages.COLLECTIONS`.
    collection: str
    # Path of the texture below `textures` in the package's archive.
    path: str
    # What images show. `whole`: all of the texture. `disc`: a disc cut out of it, at any angle. Otherwise a crop of
    # the left part for training and of the right one for testing. `split`: of these parts as they are. `mirror`: of
    # each half beside its mirror image, repeated. `tile`: of each half, repeated.
    kind: str
    # Side of a crop in pixels of the texture; 0 where there is no crop.
    side: int


PARTS = {
    "battery": Drawing("electronics/battery/battery_snuatautisticido_01.png", False, 0.30, (196, 190, 178)),
    "compass": Drawing("tools/bussola_mauro_olivo_01.png", True, 0.30, (186, 178, 166)),
    "drum": Drawing("recreation/music/africandrum_benji_park2.png", False, 0.30, (188, 198, 204)),
    "handset": Drawing("office/telephone/phone_handset_gray_einar_01.png", False, 0.25, (104, 116, 130)),
    "mallet": Drawing("tools/wooden_mallot_benji_park_.png", True, 0.22, (150, 168, 176)),
    "moon": Drawing("science/astronomy/the_moon_dan_gerhards_01.png", True, 0.36, (52, 58, 74)),
    "phone": Drawing("office/telephone/mobile_phone_01.png", False, 0.30, (206, 200, 188)),
    "shell": Drawing("animals/bugs/lumaca_architetto_france_01.png", True, 0.24, (170, 186, 172)),
    "trumpet": Drawing("recreation/music/trumpet_pocket_colour_ganso.png", False, 0.30, (176, 182, 196)),
    "usb": Drawing("computer/hardware/usb_memory_stick_01.png", True, 0.20, (204, 202, 196)),
    "wasp": Drawing("animals/bugs/flying_wasp_gerald_g._02.png", False, 0.26, (198, 208, 196)),
    "wrench": Drawing("tools/wrench_jarno_vasamaa_01.png", True, 0.22, (124, 132, 120)),
}

MORE_PARTS = {
    "camera": Drawing("computer/hardware/digital-camera_aj_ashton_01.png", False, 0.34, (150, 140, 124)),
    "cassette": Drawing("recreation/games/cards/audio_cassette_mo_01.png", False, 0.32, (200, 188, 170)),
    "gameboy": Drawing("recreation/toys/gameboy_pocket_durex_r.png", False, 0.36, (168, 160, 176)),
    "joystick": Drawing("computer/hardware/joystick_black_red_petri_01.png", False, 0.26, (190, 196, 186)),
    "pizza": Drawing("food/pizza_4_stagioni_archite_01.png", False, 0.34, (190, 200, 208)),
    "router": Drawing("computer/router_zazou.png", False, 0.28, (206, 200, 190)),
    "grinder": Drawing("food/meatgrinder_benji_park_.png", True, 0.22, (180, 190, 200)),
    "transistor": Drawing("electronics/transistor.png", True, 0.16, (196, 200, 184)),
}

# The parts that lie still, at any angle.
TURNING_PARTS = {
    f"turning-{name}": drawing._replace(turns=True)
    for name, drawing in {**PARTS, **MORE_PARTS}.items()
    if not drawing.turns
}

# The order matters: a foreign patch is drawn by a texture's place in this table.
TEXTURES = {
    "board": Surface("ufo", "tex_tech/comptable.jpg", "whole", 0),
    "brick": Surface("ufo", "tex_mattn/wall_bricks006.png", "split", 400),
    "concrete": Surface("ufo", "tex_ctp1/concrete_g_8.jpg", "split", 400),
    "grain": Surface("ufo", "tex_ctp1/wood_b_1.jpg", "mirror", 420),
    "gravel": Surface("nex", "terrain_data/gravel01.tga", "mirror", 400),
    "machine": Surface("nex", "trak5/pipez1a.tga", "whole", 0),
    "marble": Surface("ufo", "tex_ctp1/marble_m_1.jpg", "mirror", 400),
    "mesh": Surface("ufo", "tex_buildings/metal02.png", "tile", 400),
    "metal": Surface("nex", "desertfactory_metal/metal05.tga", "mirror", 400),
    "paving": Surface("ufo", "tex_buildings/paving001.png", "mirror", 420),
    "round": Surface("ufo", "tex_buildings/carpet022.png", "disc", 0),
    "rug": Surface("ufo", "tex_buildings/carpet018.png", "whole", 0),
    "rust": Surface("nex", "trak4/rust2.tga", "mirror", 400),
    "straw": Surface("ufo", "tex_misc/straw.png", "mirror", 400),
    "tiles": Surface("ufo", "tex_ctp1/tiles_g_2.jpg", "tile", 420),
    "wallpaper": Surface("ufo", "tex_ctp1/wallpaper_g_1.jpg", "mirror", 420),
    "wood": Surface("ufo", "tex_buildings/floor_wood01.png", "mirror", 420),
}
