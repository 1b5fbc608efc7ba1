# shellcheck shell=bash
# Find a Chromium for the browser tests, or install Debian's. Sourced after lib.sh.

# Set and export CHROMIUM. Without one: say what to do, and return 1.
ensure_chromium() {
    local candidate
    for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome \
        google-chrome-stable; do
        if [[ -n $candidate ]] && has "$candidate"; then
            CHROMIUM=$(command -v "$candidate")
            export CHROMIUM
            return
        fi
    done
    unset CHROMIUM
    if has apt-get && [[ $(id -u) == 0 ]]; then
        say "installing Debian's chromium (about half a minute, once)"
        if quietly _install_chromium && has chromium; then
            CHROMIUM=$(command -v chromium)
            export CHROMIUM
            return
        fi
    fi
    say "no Chromium found: the browser tests can not run"
    say "install it (Debian: apt install chromium), or set CHROMIUM to its path"
    return 1
}

_install_chromium() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
    "${apt[@]}" install --no-install-recommends chromium ||
        { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends chromium; }
}
