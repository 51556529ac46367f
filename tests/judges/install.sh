#!/usr/bin/env bash
# Installs what tests/judges needs, on Debian or Ubuntu. Does nothing where all of it is there.
set -euo pipefail

missing=()
for package in dicom3tools dcmtk libpixelmed-java pixelmed-apps; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done
# Any JDK will do, so ask for the compiler and not for a package.
command -v javac >/dev/null || missing+=(default-jdk-headless)

if [[ ${#missing[@]} -eq 0 ]]; then
    exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "Not root, and sudo is missing: as root, install these packages: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update
# env, because sudo does not pass variables on.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
