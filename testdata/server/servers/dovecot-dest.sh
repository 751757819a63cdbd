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
  local drafts=Drafts sent='Sent Items' trash='Deleted Items' junk='Junk E-Mail'
  [ "$CROSSFADE_DEST_LANGUAGE" != fr ] || { drafts=Brouillons sent='Éléments envoyés' trash='Éléments supprimés' junk='Courrier indésirable'; }
  dovecot_folder "$drafts" "$(use '\Drafts')"
  dovecot_folder "$sent" "$(use '\Sent')"
  dovecot_folder "$trash" "$(use '\Trash')"
  dovecot_folder "$junk" "$(use '\Junk')"
  echo '}'
}
