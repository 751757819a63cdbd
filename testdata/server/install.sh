# Installs the servers' packages on Debian 12. Sourced by 'server install'. Idempotent, asks nothing, and leaves
# no system service started or enabled that was not there before.

# gcc and libc6-dev are for go test -race; isync, curl, offlineimap3, neomutt, thunderbird and vdirsyncer are clients that tests use, prometheus
# (with promtool) reads the metrics, nginx is another proxy to be compared with; msmtp-mta keeps cyrus-common from pulling in
# a whole mail server.
PACKAGES="ca-certificates openssl python3 procps gcc libc6-dev dovecot-core dovecot-imapd dovecot-managesieved
  cyrus-common libsasl2-modules libsasl2-modules-db sasl2-bin msmtp-mta isync curl offlineimap3 neomutt
  thunderbird vdirsyncer prometheus nginx libnginx-mod-mail"
# All are "an IMAP server" and exclude each other for apt: these are unpacked beside the other, each into a directory with
# all that it needs. Courier's is a root of its own (see servers/courier.sh).
UNPACKED="cyrus-imapd courier"
declare -A PARTS=([cyrus-imapd]=cyrus-imapd
  [courier]="courier-imap courier-base courier-authlib courier-authlib-userdb libcourier-unicode4 libgamin0 libltdl7 libidn12 libgdbm6")
# imapflow, a client that runs on node, is installed from npm by its lock file into the cache. A machine may have node and npm
# from elsewhere, which exclude Debian's.
IMAPFLOW="$here/../clients/imapflow"
declare -A SERVICES=([dovecot-core]=dovecot [cyrus-common]=cyrus-imapd [sasl2-bin]=saslauthd [msmtp-mta]=msmtpd [prometheus]=prometheus [nginx]=nginx)

install_all() {
  local missing p f made=
  missing="$(missing_packages)"
  for p in $UNPACKED; do [ -e "$CROSSFADE_TEST_CACHE/$p/.done" ] || missing="$missing +$p"; done
  imapflow_is_there || missing="$missing +imapflow"
  [ -n "${missing// /}" ] || { echo "server: everything is installed"; return 0; }
  [ "$(id -u)" = 0 ] || { echo "server: not installed:$missing; run as root: $here/server install" >&2; return 1; }
  export DEBIAN_FRONTEND=noninteractive
  apt-cache show dovecot-core cyrus-imapd >/dev/null 2>&1 || apt-get update -q
  missing="$(missing_packages)"
  if [ -n "${missing// /}" ]; then
    f=/usr/sbin/policy-rc.d
    if [ ! -e "$f" ]; then printf '#!/bin/sh\nexit 101\n' > "$f"; chmod 755 "$f"; made=1; fi
    # lists that are some days old name files that are gone: then fetch the lists and try again
    apt_install $missing || { apt-get update -q; apt_install $missing; } || { [ -z "$made" ] || rm -f "$f"; return 1; }
    [ -z "$made" ] || rm -f "$f"
    quiet $missing
  fi
  for p in $UNPACKED; do unpack "$p"; done
  imapflow_is_there || unpack_imapflow
  echo "server: installed$missing"
}

missing_packages() {
  local p
  for p in nodejs npm; do command -v "${p%js}" >/dev/null || printf ' %s' "$p"; done
  for p in $PACKAGES; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || printf ' %s' "$p"
  done
}

apt_install() { apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"; }

unpack() {
  local d="$CROSSFADE_TEST_CACHE/$1" get="apt-get download -q -o APT::Sandbox::User=root ${PARTS[$1]}" deb
  [ ! -e "$d/.done" ] || return 0
  mkdir -p "$d"; chmod 755 "$CROSSFADE_TEST_CACHE" "$d"
  ( cd "$d" && { $get || { apt-get update -q && $get; }; } \
    && for deb in ./*.deb; do dpkg -x "$deb" .; done && rm -f ./*.deb && { [ "$1" != courier ] || root_of_its_own; } && touch .done )
}

imapflow_is_there() { cmp -s "$IMAPFLOW/package-lock.json" "$CROSSFADE_TEST_CACHE/imapflow/.done"; }

unpack_imapflow() {
  local d="$CROSSFADE_TEST_CACHE/imapflow"
  mkdir -p "$d" && cp "$IMAPFLOW"/package*.json "$d" \
    && ( cd "$d" && npm ci --ignore-scripts --no-audit --no-fund ) && cp "$d/package-lock.json" "$d/.done"
}

# Adds the libraries that the system has, and leaves out what nobody runs.
root_of_its_own() {
  local lib=/lib/x86_64-linux-gnu f
  lib="${lib/x86_64/$(uname -m)}"
  rm -rf usr/share lib etc
  mkdir -p dev etc run tmp
  for f in $(LD_LIBRARY_PATH="$PWD/usr/lib:$PWD/usr$lib" ldd usr/sbin/couriertcpd usr/bin/imapd usr/bin/couriertls usr/lib/courier/courier/* \
    usr/lib/courier/courier-authlib/authdaemond usr/lib/courier-authlib/libauthuserdb.so | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p' | grep -v "^$PWD" | sort -u); do
    cp -L --parents "$f" .
  done
}

# A package's script enables its service at the first installation: switch it off again, for those packages only
# that were installed here.
quiet() { # packages
  local p s
  for p in "$@"; do
    s="${SERVICES[$p]:-}"
    [ -n "$s" ] || continue
    if [ -d /run/systemd/system ]; then systemctl stop "$s" >/dev/null 2>&1 || true; fi
    update-rc.d "$s" disable >/dev/null 2>&1 || true
    deb-systemd-helper disable "$s.service" >/dev/null 2>&1 || true
  done
}
