// Package admin is what machines and people ask of a running proxy without a login: whether it is well (/healthz),
// how it goes in figures (/metrics, see METRICS.md) and in words (/, the status page).
//
// It answers anybody who reaches its port, so:
//
//   - passwords, message contents and subjects are in none of these; nothing can be changed here.
//   - /metrics has no account, folder or user names: domains and the two servers' host names are all it tells.
//   - The status page names accounts, folders and what stopped them only if Options.Names says so, which is so when
//     the port is on loopback or the admin wants it. On loopback a page of the web that leads its own
//     host name to 127.0.0.1 must not read it either: names are shown only to who asks by address or as localhost.
//
// What changes anything is on the control socket, which only the proxy's own user may open.
package admin
