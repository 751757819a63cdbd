# Places, ports and variants, all of which the environment may set; and what every server script needs.
: "${CROSSFADE_TEST_DIR:=${TMPDIR:-/tmp}/crossfade-test}" # configuration, data, pid files, logs
: "${CROSSFADE_TEST_CACHE:=/var/cache/crossfade-test}"    # packages that are unpacked, not installed
: "${CROSSFADE_TEST_ADDR:=127.0.0.1}"
: "${CROSSFADE_TEST_USERS:=100}"                          # u0 .. u99@example.test
: "${CROSSFADE_TEST_PASS:=pw}"

# dovecot-source: everything below INBOX., separator '.', unless it has neither (then the paths are those of dovecot-dest)
: "${CROSSFADE_SOURCE_PREFIX=INBOX.}" "${CROSSFADE_SOURCE_SEPARATOR:=.}"
: "${CROSSFADE_SOURCE_IMAP:=15100}" "${CROSSFADE_SOURCE_IMAPS:=15101}"
: "${CROSSFADE_SOURCE_FORMAT:=maildir}"                   # maildir | mdbox | sdbox
: "${CROSSFADE_SOURCE_DEFAULTS:=yes}"                   # no: makes no default folders by itself
: "${CROSSFADE_SOURCE_DEFLATE:=no}"                      # yes: offers COMPRESS=DEFLATE
: "${CROSSFADE_SOURCE_SIEVE:=}"                           # a port: ManageSieve listens there, folders have access lists, and there is a master user
: "${CROSSFADE_SOURCE_ACLUSER:=}"                        # with that: whose access lists apply, such as %u; else those of who logs in

# dovecot-dest: separator '/', 'Sent Items', 'Deleted Items', 'Junk E-Mail', Drafts
: "${CROSSFADE_DEST_IMAP:=15200}" "${CROSSFADE_DEST_IMAPS:=15201}"
: "${CROSSFADE_DEST_FORMAT:=maildir}"
: "${CROSSFADE_DEST_FSYNC:=optimized}"                    # never | optimized | always
: "${CROSSFADE_DEST_LANGUAGE:=en}"                       # fr: default folders with French names
: "${CROSSFADE_DEST_SPECIALUSE:=yes}"                     # no: the folders are there, but not marked
: "${CROSSFADE_DEST_CAPABILITY:=}"                        # replaces the list of capabilities
: "${CROSSFADE_DEST_QUOTA:=}"                             # e.g. 20M: OVERQUOTA above
: "${CROSSFADE_DEST_MAXMSG:=}"                            # e.g. 1M: larger messages are refused
# cyrus
: "${CROSSFADE_CYRUS_IMAP:=15300}" "${CROSSFADE_CYRUS_IMAPS:=15301}"
: "${CROSSFADE_CYRUS_ALTNAMESPACE:=yes}"                  # no: everything below INBOX
: "${CROSSFADE_CYRUS_UNIXHIERSEP:=yes}"                   # no: '.' as separator
: "${CROSSFADE_CYRUS_MUNGE8BIT:=no}"                      # yes: 8-bit bytes in headers become X
: "${CROSSFADE_CYRUS_MAXMSG:=}"                           # bytes
: "${CROSSFADE_CYRUS_SIEVE:=}"                           # a port: ManageSieve listens there
# courier: everything below INBOX., separator '.', no special uses
: "${CROSSFADE_COURIER_IMAP:=15400}" "${CROSSFADE_COURIER_IMAPS:=15401}"
# proxies in front of dovecot-dest
: "${CROSSFADE_NGINX_IMAP:=15500}" "${CROSSFADE_NGINX_IMAPS:=15501}"
: "${CROSSFADE_DOVEPROXY_IMAP:=15510}" "${CROSSFADE_DOVEPROXY_IMAPS:=15511}"

DOMAIN=example.test
SECOND_DOMAIN=second.test                                 # u0 .. u3, on the Dovecots
mkdir -p "$CROSSFADE_TEST_DIR"
chmod a+rx "$CROSSFADE_TEST_DIR" # the servers run as users of their own
CROSSFADE_TEST_DIR="$(cd "$CROSSFADE_TEST_DIR" && pwd)"
TLS="$CROSSFADE_TEST_DIR/tls"

port_open() { (exec 3<>"/dev/tcp/$CROSSFADE_TEST_ADDR/$1") 2>/dev/null; }
wait_port() {
  local i
  for i in $(seq 1 1200); do port_open "$1" && return 0; sleep 0.1; done
  echo "server: port $1 did not open; see the log below $CROSSFADE_TEST_DIR" >&2; return 1
}

# A process that is there, is no zombie and is ours: its command line or its environment's directory names ours.
running() { kill -0 "$1" 2>/dev/null && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null; }
ours() { tr '\0' ' ' < "/proc/$1/cmdline" 2>/dev/null | grep -qF "$D/"; }
alive() { [ -s "$1" ] && running "$(cat "$1")" && ours "$(cat "$1")"; }

stop_pid() { # pid file; asks first, then kills
  local p i
  if ! alive "$1"; then rm -f "$1"; return 0; fi
  p="$(cat "$1")"
  signal_tree CONT "$1" # one that is paused could not hear
  kill "$p" 2>/dev/null || true
  for i in $(seq 1 100); do running "$p" || break; sleep 0.1; done
  if running "$p"; then signal_tree KILL "$1"; fi
  rm -f "$1"
}

# the process and all that descend from it, oldest first, each with when it started: numbers are given to others again.
# cat goes on where a process has ended meanwhile; awk would not, and some would be left out.
tree() {
  { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v p="$1" '
    function down(q,  c) { print q ":" started[q]; for (c in parent) if (parent[c] == q) down(c) }
    { pid = $1; sub(/^.*\) . /, ""); parent[pid] = $1; started[pid] = $19 }
    END { if (p in parent) down(p) }'
}
same() { # pid:start
  local line
  { read -r line < "/proc/${1%:*}/stat"; } 2>/dev/null || return 1
  set -- "$1" ${line##*) }
  [ "${21}" = "${1#*:}" ]
}
signal_tree() { # signal, pid file
  alive "$2" || return 0
  local p list
  list="$(tree "$(cat "$2")")"
  for p in $list; do if same "$p"; then kill "-$1" "${p%:*}" 2>/dev/null || true; fi; done
  [ "$1" = KILL ] || return 0
  for p in $list; do while same "$p" && running "${p%:*}"; do sleep 0.02; done; done
}

certificate() { # one self-signed certificate for all servers
  [ -s "$TLS/cert.pem" ] && return 0
  mkdir -p "$TLS"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost \
    -addext "subjectAltName=DNS:localhost,DNS:mail.$DOMAIN,IP:127.0.0.1,IP:::1" \
    -keyout "$TLS/key.pem" -out "$TLS/cert.new" 2>/dev/null
  chmod 644 "$TLS/key.pem" # read by servers that run as users of their own; a test key is no secret
  install -m 600 "$TLS/key.pem" "$TLS/own.pem" # the proxy warns of keys that others may read
  mv "$TLS/cert.new" "$TLS/cert.pem"
}
