# Shared by the two Dovecot servers. They set D (their directory) and write $D/dovecot.conf with these.
PIDFILE="$D/run/master.pid"

dovecot_head() { # plain port, TLS port, mail_fsync
  cat <<C
instance_name = crossfade-test-${D##*/}
base_dir = $D/run
state_dir = $D/state
protocols = imap
listen = $CROSSFADE_TEST_ADDR
log_path = $D/log
ssl = yes
ssl_cert = <$TLS/cert.pem
ssl_key = <$TLS/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
default_client_limit = 20000
default_process_limit = 2000
first_valid_uid = 1
mail_fsync = $3
mail_max_userip_connections = 10000
service anvil {
  client_limit = 20000
}
service auth {
  client_limit = 20000
}
service stats {
  client_limit = 20000
}
service imap-login {
  # Dovecot's own "high-performance mode"
  service_count = 0
  process_min_avail = 1
  client_limit = 10000
  inet_listener imap {
    port = $1
  }
  inet_listener imaps {
    port = $2
    ssl = yes
  }
}
service imap {
  process_limit = 2000
}
passdb {
  driver = passwd-file
  args = username_format=%u $D/users
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$D/mail/%u
}
C
}

dovecot_dir() { case "$1" in maildir) echo Maildir ;; *) echo "$1" ;; esac; } # mail format

dovecot_storage() { # mail format, further plugins
  case "$1" in
    maildir|mdbox|sdbox) echo "mail_location = $1:~/$(dovecot_dir "$1")" ;;
    *) echo "server: unknown mail format $1 (maildir, mdbox, sdbox)" >&2; return 2 ;;
  esac
  # listescape: a name may hold what is the separator of the files below
  cat <<C
mail_plugins = listescape $2
protocol imap {
  mail_plugins = listescape $2 ${2:+imap_quota}
}
C
}

dovecot_sieve() { # port
  cat <<C
protocols = imap sieve
mail_plugins = listescape acl
protocol imap {
  mail_plugins = listescape acl imap_acl
}
plugin {
  acl = vfile
  ${CROSSFADE_SOURCE_ACLUSER:+acl_user = $CROSSFADE_SOURCE_ACLUSER}
  sieve = file:~/sieve;active=~/active.sieve
}
passdb {
  driver = passwd-file
  args = username_format=%u $D/masters
  master = yes
}
service managesieve-login {
  inet_listener sieve {
    port = $1
  }
}
C
}

dovecot_folder() { # name, special use ('' for none)
  printf '  mailbox "%s" {\n    auto = subscribe\n' "$1"
  [ -z "$2" ] || printf '    special_use = %s\n' "$2"
  printf '  }\n'
}

dovecot_start() {
  local i
  certificate
  mkdir -p "$D/run" "$D/state" "$D/mail"
  chmod 755 "$D" "$D/run"; chown mail:mail "$D/mail"
  for i in $(seq 0 $((CROSSFADE_TEST_USERS - 1))); do echo "u$i@$DOMAIN:{PLAIN}$CROSSFADE_TEST_PASS::::::"; done > "$D/users"
  for i in 0 1 2 3; do echo "u$i@$SECOND_DOMAIN:{PLAIN}$CROSSFADE_TEST_PASS::::::"; done >> "$D/users"
  echo "master@$DOMAIN:{PLAIN}masters-$CROSSFADE_TEST_PASS::::::" > "$D/masters" # opens everybody's mailbox, where it may
  chmod 644 "$D/users" "$D/masters"
  srv_conf > "$D/dovecot.conf"
  ! declare -F dovecot_before >/dev/null || dovecot_before
  dovecot -c "$D/dovecot.conf" </dev/null >"$D/start.log" 2>&1 || { cat "$D/start.log" >&2; return 1; }
}
