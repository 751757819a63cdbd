# nginx's mail proxy in front of dovecot-dest: what a splice is measured against. Whom it asks who may log in is a location of
# the same nginx, which lets everybody through to the server behind.
D="$CROSSFADE_TEST_DIR/nginx-mail"
PIDFILE="$D/pid"
srv_ports() { echo "imap=$CROSSFADE_NGINX_IMAP imaps=$CROSSFADE_NGINX_IMAPS"; }
srv_start() {
  certificate
  mkdir -p "$D/tmp"
  nginx_conf > "$D/nginx.conf"
  nginx -c "$D/nginx.conf" -e "$D/log" </dev/null >"$D/start.log" 2>&1 || { cat "$D/start.log" >&2; return 1; }
}
nginx_conf() {
  local kind
  cat <<C
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
pid $PIDFILE;
error_log $D/log;
user www-data;
worker_processes 1;
worker_rlimit_nofile 20000;
events { worker_connections 10000; }
mail {
  auth_http unix:$D/auth:/;
  proxy_pass_error_message on;
  imap_auth login plain;
  imap_capabilities IMAP4rev1 LITERAL+ SASL-IR IDLE;
  ssl_certificate $TLS/cert.pem;
  ssl_certificate_key $TLS/key.pem;
  timeout 3600s;
  proxy_timeout 3600s;
  server { listen $CROSSFADE_TEST_ADDR:$CROSSFADE_NGINX_IMAP; protocol imap; starttls on; }
  server { listen $CROSSFADE_TEST_ADDR:$CROSSFADE_NGINX_IMAPS ssl; protocol imap; }
}
http {
  access_log off;
C
  for kind in client_body proxy fastcgi uwsgi scgi; do echo "  ${kind}_temp_path $D/tmp/$kind;"; done
  cat <<C
  server {
    listen unix:$D/auth;
    location / {
      add_header Auth-Status OK;
      add_header Auth-Server $CROSSFADE_TEST_ADDR;
      add_header Auth-Port $CROSSFADE_DEST_IMAP;
      return 200 "";
    }
  }
}
C
}
