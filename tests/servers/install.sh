#!/usr/bin/env bash
# Installs Orthanc, PostgreSQL, what builds HAPI, and a browser, on Debian or Ubuntu. Does nothing where all of it is there.
set -euo pipefail

missing=()
for package in orthanc orthanc-dicomweb orthanc-python postgresql chromium; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v mvn >/dev/null || missing+=(maven)

if [[ ${#missing[@]} -gt 0 ]]; then
    as_root=()
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null || { echo "Not root, and sudo is missing: install ${missing[*]}" >&2; exit 1; }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update
    # Debian starts services on installation; ours runs in the foreground, for tests only.
    policy=/usr/sbin/policy-rc.d
    [[ -e $policy ]] || { printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod +x "$policy"; trap '"${as_root[@]}" rm -f "$policy"' EXIT; }
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
fi

hapi=$(dirname "$0")/hapi
jar=$hapi/target/fhir-jpa-server.jar
if [[ ! -f $jar || -n $(find "$hapi/src" "$hapi/pom.xml" -newer "$jar" | head -1) ]]; then
    mvn --quiet --batch-mode --file "$hapi/pom.xml" package
fi
