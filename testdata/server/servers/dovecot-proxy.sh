# Dovecot's own proxy in front of dovecot-dest: what a splice is measured against.
D="$CROSSFADE_TEST_DIR/dovecot-proxy"
. "$here/dovecot.sh"
srv_ports() { echo "imap=$CROSSFADE_DOVEPROXY_IMAP imaps=$CROSSFADE_DOVEPROXY_IMAPS"; }
srv_start() { dovecot_start; }
srv_conf() { dovecot_head "$CROSSFADE_DOVEPROXY_IMAP" "$CROSSFADE_DOVEPROXY_IMAPS" never; }
dovecot_before() { sed -i "s/\$/proxy=y host=$CROSSFADE_TEST_ADDR port=$CROSSFADE_DEST_IMAP/" "$D/users"; }
