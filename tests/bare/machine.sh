#!/usr/bin/env bash
# Runs a copy of this checkout on a machine that has next to nothing: a minimal Debian 12 in a folder, with
# python3, python3-pip and ca-certificates, where user namespaces are refused. Each command is run by root and
# by an ordinary user, and the seconds that it took are printed.
#
#   tests/bare/machine.sh                          demo --once, test
#   tests/bare/machine.sh help "test tests/spec"   these commands of ./run instead
#
# Needs: root, mmdebstrap, util-linux. What the network needs is taken from the caller's settings:
#
#   BARE_ROOT       folder of the machine; made if absent and then kept (default: a temporary one, removed)
#   BARE_SOURCES    file of apt sources (default: the host's)
#   BARE_CA         bundle of CA certificates (default: the host's)
#   BARE_PIP_CONF   a pip.conf (default: none)
#   BARE_SHARED     folder of shared data beside the checkout (default: ../shared where present; "none")
#   BARE_ACCOUNTS   "root clerk" or one of them
#   PIP_*, *_proxy  are passed on
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
if [ "$(id -u)" != 0 ]; then
    echo "machine.sh: has to be run by root" >&2
    exit 1
fi
# Mounts and processes of the machine end with this script.
if [ -z "${BARE_INSIDE:-}" ]; then
    exec env BARE_INSIDE=1 unshare --mount --propagation private --pid --fork --kill-child -- "$0" "$@"
fi

first_file() {
    local file
    for file in "$@"; do [ -s "$file" ] && { echo "$file"; return; }; done
}

root=${BARE_ROOT:-$(mktemp -d)}
if [ -z "${BARE_ROOT:-}" ]; then
    trap 'umount -R "$root"/{proc,dev/shm} "$root"/{root,home/clerk}/shared 2>/dev/null; rm -rf --one-file-system "$root"' EXIT
    chmod 0755 "$root"
fi
if [ ! -x "$root/usr/bin/python3" ]; then
    sources=${BARE_SOURCES:-$(first_file /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list)}
    begin=$SECONDS
    mmdebstrap --quiet --mode=root --variant=minbase --include=python3,python3-pip,ca-certificates \
        bookworm "$root" "$sources"
    echo "machine: made in $((SECONDS - begin)) s"
fi

cp "${BARE_CA:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ssl/certs/ca-certificates.crt"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
if [ -n "${BARE_PIP_CONF:-}" ]; then cp "$BARE_PIP_CONF" "$root/etc/pip.conf"; fi
chroot "$root" id clerk >/dev/null 2>&1 || chroot "$root" useradd --create-home --shell /bin/sh clerk
mkdir -p "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"

shared=${BARE_SHARED:-${DOUBLE_RANDOM_SHARED:-$project/../shared}}
mapfile -t passed < <(env | grep -E '^(PIP_|(https?|no)_proxy=|(HTTPS?|NO)_PROXY=)' | grep -v '^PIP_FIND_LINKS=' || true)
commands=("$@")
[ ${#commands[@]} -gt 0 ] || commands=("demo --once" "test")
failed=0

for account in ${BARE_ACCOUNTS:-root clerk}; do
    home=$(chroot "$root" getent passwd "$account" | cut -d: -f6)
    copy="$home/double-random"
    rm -rf --one-file-system "${root:?}$copy"
    mkdir -p "$root$copy"
    tar -C "$project" --exclude-vcs --exclude=./.venv --exclude=./data --exclude='./.*_cache' \
        --exclude=./.hypothesis --exclude='__pycache__' -cf - . | tar -C "$root$copy" --no-same-owner -xf -
    chroot "$root" chown -R "$account:" "$copy"
    if [ "$shared" != none ] && [ -d "$shared" ]; then
        mkdir -p "$root$home/shared"
        mount --bind -o ro "$(realpath "$shared")" "$root$home/shared"
    fi
    for command in "${commands[@]}"; do
        begin=$(date +%s%N)
        status=0
        # shellcheck disable=SC2086  the command line is meant to be split, inside
        chroot --userspec="$account" "$root" /usr/bin/env -i \
            HOME="$home" USER="$account" LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin "${passed[@]}" \
            /bin/sh -c 'cd / && copy=$1 && shift && exec "$copy/run" "$@"' sh "$copy" $command || status=$?
        seconds=$((($(date +%s%N) - begin) / 1000000))
        printf 'machine: %s: ./run %s: %d.%03d s, exit %d\n' \
            "$account" "$command" $((seconds / 1000)) $((seconds % 1000)) "$status"
        [ "$status" = 0 ] || failed=1
    done
done
exit "$failed"
