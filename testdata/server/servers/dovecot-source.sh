# The old server: everything below 'INBOX.', '.' as separator, Sent, Trash, Drafts and Spam.
D="$CROSSFADE_TEST_DIR/dovecot-source"
. "$here/dovecot.sh"
srv_ports() { echo "imap=$CROSSFADE_SOURCE_IMAP imaps=$CROSSFADE_SOURCE_IMAPS"; }
srv_start() { dovecot_start; }
srv_conf() {
  dovecot_head "$CROSSFADE_SOURCE_IMAP" "$CROSSFADE_SOURCE_IMAPS" never
  dovecot_storage "$CROSSFADE_SOURCE_FORMAT" ""
  printf 'namespace inbox {\n  inbox = yes\n  prefix = INBOX.\n  separator = .\n'
  dovecot_folder Drafts '\Drafts'
  dovecot_folder Sent '\Sent'
  dovecot_folder Trash '\Trash'
  dovecot_folder Spam '\Junk'
  echo '}'
}
