// Package metrics shows Prometheus how far the move is.
//
// The engine is looked at once for every scrape and gives a Snapshot (snapshot.go), which is plain data; the rest turns
// it into metrics (collector.go, hosts.go, admin.go). Their meaning is told in proxy/admin/METRICS.md.
//
// # Rules
//
//   - Nothing has an account or a folder for a label; every label takes few values, however many accounts there are.
//   - A series does not come and go with what it counts: zeros are given. What is not known is left out, not zero.
//   - A scrape loads no folder and asks no server.
package metrics
