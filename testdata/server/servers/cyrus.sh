# Cyrus IMAP 3.6 as a destination. Its imapd is unpacked beside Dovecot; the rest is installed.
D="$CROSSFADE_TEST_DIR/cyrus"
PIDFILE="$D/master.pid"
BIN=/usr/lib/cyrus/bin
IMAPD="$CROSSFADE_TEST_CACHE/cyrus-imapd/usr/lib/cyrus/bin"
srv_ports() { echo "imap=$CROSSFADE_CYRUS_IMAP imaps=$CROSSFADE_CYRUS_IMAPS"; }

srv_conf() {
  cat <<C
configdirectory: $D/conf
sievedir: $D/conf/sieve
proc_path: $D/conf/proc
mboxname_lockpath: $D/conf/lock
defaultpartition: default
partition-default: $D/spool
servername: localhost
virtdomains: userid
unixhierarchysep: $CROSSFADE_CYRUS_UNIXHIERSEP
altnamespace: $CROSSFADE_CYRUS_ALTNAMESPACE
munge8bit: $CROSSFADE_CYRUS_MUNGE8BIT
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $D/sasldb2
sasl_mech_list: PLAIN LOGIN
autocreate_quota: 0
autocreate_inbox_folders: Drafts | Sent | Trash | Junk
autocreate_subscribe_folders: Drafts | Sent | Trash | Junk
xlist-drafts: Drafts
xlist-sent: Sent
xlist-trash: Trash
xlist-junk: Junk
specialusealways: yes
conversations: no
tls_server_cert: $TLS/cert.pem
tls_server_key: $D/key.pem
lmtpsocket: $D/conf/socket/lmtp
idlesocket: $D/conf/socket/idle
notifysocket: $D/conf/socket/notify
syslog_prefix: crossfade-test
maxlogins_per_user: 0
imapidlepoll: 5
C
  [ -z "$CROSSFADE_CYRUS_MAXMSG" ] || echo "maxmessagesize: $CROSSFADE_CYRUS_MAXMSG"
}

srv_sieve() {
  [ -z "$CROSSFADE_CYRUS_SIEVE" ] || echo "  sieve cmd=\"$BIN/timsieved -C $D/imapd.conf\" listen=\"$CROSSFADE_TEST_ADDR:$CROSSFADE_CYRUS_SIEVE\" prefork=0 maxchild=100"
}

srv_master() {
  cat <<C
START {
  recover cmd="$BIN/ctl_cyrusdb -C $D/imapd.conf -r"
}
SERVICES {
  imap  cmd="$IMAPD/imapd -C $D/imapd.conf -U 30" listen="$CROSSFADE_TEST_ADDR:$CROSSFADE_CYRUS_IMAP" prefork=0 maxchild=1000
$(srv_sieve)
  imaps cmd="$IMAPD/imapd -C $D/imapd.conf -s -U 30" listen="$CROSSFADE_TEST_ADDR:$CROSSFADE_CYRUS_IMAPS" prefork=0 maxchild=1000
}
EVENTS {
  checkpoint cmd="$BIN/ctl_cyrusdb -C $D/imapd.conf -c" period=30
}
DAEMON {
  idled cmd="$IMAPD/idled -C $D/imapd.conf"
}
C
}

srv_start() {
  local i
  [ -x "$IMAPD/imapd" ] || { echo "server: cyrus is not installed: run $here/server install" >&2; return 1; }
  certificate
  mkdir -p "$D"/conf/{db,log,msg,proc,ptclient,quota,sieve,socket,sync,user,lock} "$D/spool"
  chmod 755 "$D"
  srv_conf > "$D/imapd.conf"; srv_master > "$D/cyrus.conf"
  cp "$TLS/key.pem" "$D/key.pem"
  if [ ! -e "$D/users-made" ]; then
    rm -f "$D/sasldb2"
    for i in $(seq 0 $((CROSSFADE_TEST_USERS - 1))); do
      printf %s "$CROSSFADE_TEST_PASS" | saslpasswd2 -p -c -f "$D/sasldb2" -u "$DOMAIN" "u$i"
    done
    touch "$D/users-made"
  fi
  chown -R cyrus:mail "$D"
  setsid "$BIN/master" -C "$D/imapd.conf" -M "$D/cyrus.conf" -p "$PIDFILE" -d -L "$D/master.log" </dev/null >"$D/start.log" 2>&1
}
