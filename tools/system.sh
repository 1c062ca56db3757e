#!/usr/bin/env bash
# What the tests need of the system: a JDK for DynamoDB Local, Chromium for the
# browser tests. As root on Debian it is installed; elsewhere it is named.
set -euo pipefail

debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

need() { # command, Debian package, what for
	command -v "$1" >/dev/null && return
	if debian_root; then
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
		return
	fi
	echo "$1 is missing ($3). Install it, on Debian with: apt-get install $2" >&2
	exit 1
}

need javac default-jdk-headless "DynamoDB Local, a JDK of 17 or newer"
need chromium chromium "the tests in a browser"
