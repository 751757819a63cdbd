# Courier IMAP 5 as a source: everything below 'INBOX.', '.' as separator, no special uses, UIDs that last only once a
# folder was SELECTed. Its programs have the places of their configuration and of the socket between them compiled in:
# each server has a root of its own, so that any number can run.
D="$CROSSFADE_TEST_DIR/courier"
PIDFILE="$D/master.pid"
ROOT="$D/root"
srv_ports() { echo "imap=$CROSSFADE_COURIER_IMAP imaps=$CROSSFADE_COURIER_IMAPS"; }

# As Debian has it, except: no locks, which wait a second each where no daemon tells of files that change; more connections, and no removal of what has been in Trash for a week (IMAP_EMPTYTRASH).
srv_env() {
  local capability="IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE"
  cat <<C
IMAP_CAPABILITY="$capability"
IMAP_CAPABILITY_TLS="$capability AUTH=PLAIN"
IMAP_KEYWORDS=1
IMAP_ACL=1
IMAP_IDLE_TIMEOUT=5
IMAP_MAILBOX_SANITY_CHECK=1
IMAP_USELOCKS=0
IMAP_ENHANCEDIDLE=0
IMAP_TRASHFOLDERNAME=Trash
IMAP_UMASK=022
IMAP_STARTTLS=YES
COURIERTLS=/usr/bin/couriertls
TLS_CERTFILE=/etc/courier/imapd.pem
TLS_VERIFYPEER=NONE
MAILDIRPATH=Maildir
C
}

# The parent of all of them, which the pid file names. Its end is theirs: also of those that serve a connection.
srv_master() {
  local tcpd="chroot $ROOT /usr/sbin/couriertcpd -address=$CROSSFADE_TEST_ADDR -maxprocs=1000 -maxperip=1000 -nodnslookup -noidentlookup"
  cat <<C
set -a
$(srv_env)
trap 'trap "" TERM; pkill -TERM -s \$\$; wait; exit 0' TERM
chroot $ROOT /usr/lib/courier/courier-authlib/authdaemond &
IMAP_TLS=0 $tcpd $CROSSFADE_COURIER_IMAP /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir &
IMAP_TLS=1 $tcpd $CROSSFADE_COURIER_IMAPS /usr/bin/couriertls -server -tcpd /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir &
wait
C
}

srv_start() {
  local i password
  [ -e "$CROSSFADE_TEST_CACHE/courier/.done" ] || { echo "server: courier is not installed: run $here/server install" >&2; return 1; }
  certificate
  if [ ! -d "$ROOT" ]; then
    mkdir -p "$D"; chmod 755 "$D"
    cp -a --reflink=auto "$CROSSFADE_TEST_CACHE/courier" "$ROOT"
    mknod -m 666 "$ROOT/dev/null" c 1 3
    mkdir -p "$ROOT/etc/courier" "$ROOT/run/courier/authdaemon" "$ROOT/mail"
    printf 'authmodulelist="authuserdb"\nauthmodulelistorig="authuserdb"\ndaemons=3\nauthdaemonvar=/run/courier/authdaemon\nDEBUG_LOGIN=0\n' > "$ROOT/etc/courier/authdaemonrc"
    cat "$TLS/key.pem" "$TLS/cert.pem" > "$ROOT/etc/courier/imapd.pem"
    password="$(openssl passwd -1 "$CROSSFADE_TEST_PASS")"
    for i in $(seq 0 $((CROSSFADE_TEST_USERS - 1))); do
      mkdir -p "$ROOT/mail/u$i@$DOMAIN/Maildir"/{cur,new,tmp}
      printf 'u%d@%s\tuid=%d|gid=%d|home=/mail/u%d@%s|systempw=%s\n' "$i" "$DOMAIN" "$(id -u mail)" "$(id -g mail)" "$i" "$DOMAIN" "$password"
    done > "$ROOT/etc/courier/userdb"
    chmod 600 "$ROOT/etc/courier/userdb"
    chown -R mail:mail "$ROOT/mail"
    srv_userdb
  fi
  rm -f "$ROOT/run/courier/authdaemon/socket"
  srv_master > "$D/master.sh"
  setsid bash "$D/master.sh" </dev/null >>"$D/log" 2>&1 &
  echo $! > "$PIDFILE"
}

# The databases of makeuserdb, without its perl: the second one holds the passwords.
srv_userdb() {
  local make="chroot $ROOT /usr/lib/courier/courier-authlib/makedatprog -" etc=/etc/courier
  ( umask 022; { sed 's/|systempw=.*//' "$ROOT$etc/userdb"; echo .; } | $make $etc/userdb.tmp $etc/userdb.dat )
  ( umask 077; { sed 's/\t.*|systempw/\tsystempw/' "$ROOT$etc/userdb"; echo .; } | $make $etc/userdbshadow.tmp $etc/userdbshadow.dat )
}
