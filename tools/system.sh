#!/usr/bin/env bash
# What is needed of the system: java for DynamoDB Local, a browser for its tests,
# containers for SAM. As root on Debian it is installed; elsewhere it is named.
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

for what in "$@"; do
	case $what in
	java) need javac default-jdk-headless "DynamoDB Local, a JDK of 17 or newer" ;;
	browser) need chromium chromium "the tests in a browser" ;;
	containers)
		# An engine that runs is as good as one that can be started.
		docker version >/dev/null 2>&1 && continue
		need dockerd docker.io "the containers of SAM"
		need docker docker-cli "the containers of SAM" # where Debian has it apart
		;;
	*) echo "$what is nothing that this script knows" >&2 && exit 1 ;;
	esac
done
