"""Colours of all pictures: those of Okabe and Ito (2008), told apart by colour-blind eyes too."""

SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
BLACK = "#000000"

STAGES = {
    "ingest": SKY,
    "validate": GREEN,
    "prepare": BLUE,
    "train": VERMILION,
    "evaluate": PURPLE,
    "gate": ORANGE,
    "register": BLACK,
}
CURVES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)  # of lines in one picture, over again if there are more
GREY = "#888888"  # what is no stage of ours, such as Airflow's planning
LINE = "#777777"  # arrows
SOFT = "#555555"  # words beside the picture
DIAGONAL = "#999999"  # of a curve that has learned nothing
GRID = "#DDDDDD"
START = "#BBBBBB"  # of servers
ON_BAR = "#010101"  # stays dark on a dark page, unlike black
PAPER = "#FEFEFE"  # what is to look like the page behind it; slides have dark pages too
