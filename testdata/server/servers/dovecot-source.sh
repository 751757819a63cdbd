# The old server: everything below 'INBOX.', '.' as separator (both can be set), Sent, Trash, Drafts and Spam.
D="$CROSSFADE_TEST_DIR/dovecot-source"
. "$here/dovecot.sh"
srv_ports() { echo "imap=$CROSSFADE_SOURCE_IMAP imaps=$CROSSFADE_SOURCE_IMAPS"; }
srv_start() { dovecot_start; }

# An old server's folders are old: without this both servers would number their folders by the same present
# second, and some would have the same UIDVALIDITY, which real servers have not.
dovecot_before() {
  local i dir since=5e0be100 # the first of January 2020
  for i in $(seq 0 $((CROSSFADE_TEST_USERS - 1))); do
    dir="$D/mail/u$i@$DOMAIN/$(dovecot_dir "$CROSSFADE_SOURCE_FORMAT")"
    [ ! -e "$dir/dovecot-uidvalidity" ] || continue
    mkdir -p "$dir"
    echo "$since" > "$dir/dovecot-uidvalidity"
    : > "$dir/dovecot-uidvalidity.$since"
  done
  chown -R mail:mail "$D/mail"
}
srv_conf() {
  dovecot_head "$CROSSFADE_SOURCE_IMAP" "$CROSSFADE_SOURCE_IMAPS" never
  dovecot_storage "$CROSSFADE_SOURCE_FORMAT" ""
  if [ "$CROSSFADE_SOURCE_DEFLATE" = yes ]; then
    printf 'protocol imap {\n  mail_plugins = listescape zlib imap_zlib\n}\n'
  fi
  [ -z "$CROSSFADE_SOURCE_SIEVE" ] || dovecot_sieve "$CROSSFADE_SOURCE_SIEVE"
  printf 'namespace inbox {\n  inbox = yes\n  prefix = %s\n  separator = %s\n' "$CROSSFADE_SOURCE_PREFIX" "$CROSSFADE_SOURCE_SEPARATOR"
  if [ "$CROSSFADE_SOURCE_DEFAULTS" = yes ]; then
    dovecot_folder Drafts '\Drafts'
    dovecot_folder Sent '\Sent'
    dovecot_folder Trash '\Trash'
    dovecot_folder Spam '\Junk'
  fi
  echo '}'
}
