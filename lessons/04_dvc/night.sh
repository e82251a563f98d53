#!/bin/sh
# Every night at 3:00. Recomputes everything, whatever has changed.
set -e
python count.py source/EWR.csv out/EWR.json --late 15
python count.py source/JFK.csv out/JFK.json --late 15
python count.py source/LGA.csv out/LGA.json --late 15
python summary.py out summary.csv
