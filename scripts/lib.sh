# shellcheck shell=bash
# What every script here shares: where the checkout is, how to speak, and the two
# Python environments. Source it; it changes to the root of the checkout.
#
#   ensure_env test   .venv      Home Assistant 2026.10.4, pytest, the lint tools
#   ensure_env run    .venv-run  Home Assistant 2026.11.0, Playwright
#
# Nothing needs to be installed beforehand but bash and Python 3 (or curl, or wget). What
# is fetched stays in a cache outside the checkout, so that a moved or second checkout
# is set up again without a network.

set -euo pipefail

CALLER=$PWD # relative paths on the command line are meant from here
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
cd -- "$ROOT"

if [[ -n ${XDG_CACHE_HOME:-} ]]; then
    CACHE=$XDG_CACHE_HOME/power-sync
elif [[ -n ${HOME:-} && -w $HOME ]]; then
    CACHE=$HOME/.cache/power-sync
else # a service account without a home
    CACHE=$ROOT/.cache
    export UV_CACHE_DIR=${UV_CACHE_DIR:-$CACHE/uv-cache}
    export UV_PYTHON_INSTALL_DIR=${UV_PYTHON_INSTALL_DIR:-$CACHE/uv-python}
fi

PYTHON_RANGE='>=3.14.2,<3.15'

# An environment that happens to be active must not decide what is built or run here.
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH

say() { printf '%s\n' "power-sync: $*" >&2; }

# die MESSAGE [WHAT TO DO]...
die() {
    printf 'power-sync: error: %s\n' "$1" >&2
    shift
    (($# == 0)) || printf '            %s\n' "$@" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Run a command quietly; its output is shown only if it fails.
quietly() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    ((status == 0)) || sed 's/^/            /' "$log" >&2
    rm -f -- "$log"
    return "$status"
}

# shellcheck source=scripts/lib-python.sh
source scripts/lib-python.sh

# One set-up at a time: two scripts started together must not build the same thing.
_locked() {
    mkdir -p -- "$CACHE"
    if has flock; then
        local status=0
        exec 9>"$CACHE/lock"
        flock -n 9 || {
            say "waiting for another set-up to finish"
            flock 9
        }
        "$@" || status=$?
        exec 9>&-
        return "$status"
    fi
    "$@"
}

# What an environment was built from; it is built again when any of it changed.
_stamp() { # DIR REQUIREMENTS
    printf 'root %s\npython %s %s\n' "$ROOT" "$(readlink -f -- "$1/bin/python")" \
        "$("$1/bin/python" -I -c 'import sys; print(sys.version)' 2>&1)"
    cat -- "$2"
}

_fresh() { # DIR REQUIREMENTS
    [[ -x $1/bin/python && -f $1/power-sync.stamp ]] &&
        [[ $(_stamp "$1" "$2" 2>/dev/null) == "$(<"$1/power-sync.stamp")" ]]
}

_build_env() { # NAME DIR REQUIREMENTS
    # Somebody else may have built it while we waited for the lock.
    ! _fresh "$2" "$3" || return 0
    local started=$SECONDS
    find_uv
    find_python
    say "building $2 from $3"
    rm -rf -- "$2"
    quietly "$UV" venv --quiet --no-project --no-python-downloads \
        --python "$PYTHON" "$2" || die "could not create the environment $2"
    # Everything is pinned, so a full cache needs no network at all.
    if ! "$UV" pip sync --quiet --offline --python "$2/bin/python" "$3" 2>/dev/null; then
        say "fetching the packages of $3 (about half a minute, once)"
        quietly "$UV" pip sync --quiet --python "$2/bin/python" "$3" || die \
            "the packages of $3 could not be installed" \
            "They come from the Python package index; the reason is above." \
            "Check the network (UV_DEFAULT_INDEX names another index) and run this again."
        FETCH_SECONDS=$((${FETCH_SECONDS:-0} + SECONDS - started))
    fi
    _stamp "$2" "$3" >"$2/power-sync.stamp"
    say "$2 is ready after $((SECONDS - started)) s"
}

# ensure_env test|run: build the environment if it is missing or out of date.
# Seconds spent on downloads are added to FETCH_SECONDS.
ensure_env() {
    local directory
    case $1 in
    test) directory=.venv ;;
    run) directory=.venv-run ;;
    *) die "no environment is called $1" ;;
    esac
    _fresh "$directory" "requirements/$1.txt" ||
        _locked _build_env "$1" "$directory" "requirements/$1.txt"
}

# run_module ENVIRONMENT MODULE [ARGUMENT]...: become a module of the harness, in the
# folder that the caller was in, importing from the checkout and not from there.
run_module() {
    cd -- "$CALLER"
    exec env "PYTHONPATH=$ROOT" "$ROOT/$1/bin/python" -P -m "${@:2}"
}
