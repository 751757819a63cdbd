# The new server: '/' as separator, no prefix, default folders as SmarterMail and Exchange name them.
D="$CROSSFADE_TEST_DIR/dovecot-dest"
. "$here/dovecot.sh"
srv_ports() { echo "imap=$CROSSFADE_DEST_IMAP imaps=$CROSSFADE_DEST_IMAPS"; }
srv_start() { dovecot_start; }
use() { [ "$CROSSFADE_DEST_SPECIALUSE" != yes ] || echo "$1"; }
srv_conf() {
  local quota=
  [ -z "$CROSSFADE_DEST_QUOTA$CROSSFADE_DEST_MAXMSG" ] || quota=quota
  dovecot_head "$CROSSFADE_DEST_IMAP" "$CROSSFADE_DEST_IMAPS" "$CROSSFADE_DEST_FSYNC"
  dovecot_storage "$CROSSFADE_DEST_FORMAT" "$quota"
  [ -z "$CROSSFADE_DEST_CAPABILITY" ] || echo "imap_capability = $CROSSFADE_DEST_CAPABILITY"
  if [ -n "$quota" ]; then
    printf 'plugin {\n  quota = count:User quota\n  quota_vsizes = yes\n'
    [ -z "$CROSSFADE_DEST_QUOTA" ] || echo "  quota_rule = *:storage=$CROSSFADE_DEST_QUOTA"
    [ -z "$CROSSFADE_DEST_MAXMSG" ] || echo "  quota_max_mail_size = $CROSSFADE_DEST_MAXMSG"
    echo '}'
  fi
  printf 'namespace inbox {\n  inbox = yes\n  prefix =\n  separator = /\n'
  dovecot_folder Drafts "$(use '\Drafts')"
  dovecot_folder 'Sent Items' "$(use '\Sent')"
  dovecot_folder 'Deleted Items' "$(use '\Trash')"
  dovecot_folder 'Junk E-Mail' "$(use '\Junk')"
  echo '}'
}
