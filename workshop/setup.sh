#!/bin/sh
# Make .venv from requirements.lock, or leave it alone if it is that already. Run from the kit's folder.
set -eu

fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

fits() {
    "$1" -E -s -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

if [ -x .venv/bin/python ] && cmp -s requirements.lock .venv/installed.lock \
    && [ "$(cat .venv/location 2>/dev/null)" = "$PWD" ] && .venv/bin/python -E -s -c '' 2>/dev/null; then
    cmp -s workshop/startup.pth .venv/lib/python3.*/site-packages/startup.pth \
        || cp workshop/startup.pth .venv/lib/python3.*/site-packages/
    exit 0
fi

case $PWD in
    *[:?]* | *'	'* | *'
'*) fail "The kit lies in $PWD, and no tool takes a colon, a question mark, a tab or a new line there: rename the folder." ;;
esac
[ -w . ] || fail "$PWD cannot be written to. Make a copy of your own: git clone '$PWD' ~/kit"
command -v git >/dev/null 2>&1 || fail "git is missing. Install it (Debian, Ubuntu: apt install git; macOS: xcode-select --install)."

goal=${1:-run}
if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.12 python3.13 python3.11 python; fi
python=""
for candidate in "$@"; do
    if fits "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    fail "Python 3.11, 3.12 or 3.13 is needed; found: $("$1" --version 2>&1 || echo none).
Install one of them, or name it: make $goal PYTHON=/path/to/python3.12"
fi

# From here on with what says where packages come from, without what says where they go, and one set-up at a time.
if [ -z "${WORKSHOP_SETTING_UP:-}" ]; then
    export WORKSHOP_SETTING_UP=1
    exec "$python" -E -s workshop/surroundings.py setup sh workshop/setup.sh "$goal"
fi

free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
[ "$free" -ge 4000 ] || fail "The environment takes 2.7 GB, and only $free MB are free here."

# A copied or moved environment still points at its old place.
if [ -e .venv ] && { ! fits .venv/bin/python || [ "$(cat .venv/location 2>/dev/null || echo "$PWD")" != "$PWD" ]; }; then
    rm -rf .venv
fi
echo "Setting up .venv with $("$python" --version): 450 packages, 2.7 GB, one to three minutes. Only now is a network needed."
[ -x .venv/bin/python ] || "$python" -E -s -m venv .venv \
    || fail "Python's venv module does not work. Debian, Ubuntu: apt install python3-venv"
printf '%s' "$PWD" > .venv/location
# The last four say where, whatever pip.conf does.
.venv/bin/python -E -s -m pip install --quiet --disable-pip-version-check --no-input 'uv>=0.9,<1' \
    --no-user --root=/ --prefix="$PWD/.venv" --target= \
    || fail "uv could not be installed: is there a network? What was installed so far is kept; run the same command again."
# Compiled now, because imports are most of what an engine's start costs.
.venv/bin/uv pip install --python .venv/bin/python --quiet --require-hashes --compile-bytecode -r requirements.lock \
    || fail "The packages could not be installed. What was installed so far is kept; run the same command again."
# Notebooks anywhere in the kit can import the kit's tool. Python reads this file in the encoding of the locale, so it is ASCII whatever the path.
.venv/bin/python -E -s -c 'import os; print(f"import os, sys; sys.path.append(os.fsdecode({os.fsencode(os.getcwd())!r}))")' \
    > "$(echo .venv/lib/python3.*/site-packages)/kit.pth"
cp workshop/startup.pth .venv/lib/python3.*/site-packages/
# The empty databases of the engines, now and not at the cost of the first run; whatever hinders it shows there better.
.venv/bin/python -E -s -m workshop databases >/dev/null 2>&1 || true
cp requirements.lock .venv/installed.lock
echo "The environment is ready."
