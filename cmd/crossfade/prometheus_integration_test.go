//go:build integration

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// promServer is a Prometheus of its own process that scrapes a proxy every half second.
type promServer struct{ addr string }

// startPrometheus runs Debian's Prometheus with our alerts.
func startPrometheus(t *testing.T, target string) *promServer {
	t.Helper()
	alerts, err := filepath.Abs("../../proxy/admin/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf := fmt.Sprintf("global: {scrape_interval: 500ms, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n  - job_name: crossfade\n    static_configs: [{targets: [%q]}]\n", alerts, target)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &promServer{addr: testbed.FreePort(t)}
	var said bytes.Buffer
	cmd := exec.Command("prometheus", "--config.file", filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", p.addr)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: is it installed? make servers", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // what it says at its end is nothing to us
		if t.Failed() {
			t.Logf("prometheus: ...%s", said.Bytes()[max(0, said.Len()-2000):])
		}
	})
	return p
}

// query asks for one number; ok is false while there is none, or more than one.
func (p *promServer) query(expr string) (v float64, ok bool) {
	text, err := fetchText("http://" + p.addr + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return 0, false
	}
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if json.Unmarshal([]byte(text), &answer) != nil || len(answer.Data.Result) != 1 {
		return 0, false
	}
	number, _ := answer.Data.Result[0].Value[1].(string)
	v, err = strconv.ParseFloat(number, 64)
	return v, err == nil
}

func fetchText(url string) (string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return string(text), err
}

// says waits until Prometheus computes what is wanted.
func (p *promServer) says(t *testing.T, expr string, want float64) {
	t.Helper()
	var v float64
	var ok bool
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if v, ok = p.query(expr); ok && v == want {
			return
		}
	}
	t.Errorf("%s is %v (known: %v), want %v", expr, v, ok, want)
}

// verified is what `crossfade verify --json` counts: by domain, and in its verdict.
func (p *proxyProcess) verified(t *testing.T) (last verdict, done, total map[string]int) {
	t.Helper()
	_, out, errs := call("verify", "--json", "--state", p.state) // its code is 1 as long as something is left
	done, total = map[string]int{}, map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("verify: %q: %v %s", line, err, errs)
		}
		var f struct {
			Account     string
			Done, Total int
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		if _, domain, ok := strings.Cut(f.Account, "@"); ok {
			done[domain] += f.Done
			total[domain] += f.Total
		}
	}
	if !last.Verdict || last.Error != "" {
		t.Fatalf("verify did not end well: %+v %s", last, errs)
	}
	return last, done, total
}

// sameAsVerify compares what Prometheus computes with what verify finds by listing both sides, overall and by domain.
func (p *proxyProcess) sameAsVerify(t *testing.T, prom *promServer, when string) verdict {
	t.Helper()
	last, done, total := p.verified(t)
	t.Logf("%s: verify counts %d of %d done, by domain %v of %v", when, last.Done, last.Total, done, total)
	prom.says(t, "sum(crossfade_domain_source_messages_done)", float64(last.Done))
	prom.says(t, "sum(crossfade_domain_source_messages)", float64(last.Total))
	prom.says(t, "sum(crossfade_domain_source_messages_done) / sum(crossfade_domain_source_messages)", last.Completion)
	prom.says(t, "crossfade_completion_ratio", last.Completion)
	for domain := range total {
		prom.says(t, fmt.Sprintf("crossfade_domain_source_messages_done{domain=%q}", domain), float64(done[domain]))
		prom.says(t, fmt.Sprintf("crossfade_domain_source_messages{domain=%q}", domain), float64(total[domain]))
		prom.says(t, fmt.Sprintf("crossfade_domain_completion_ratio{domain=%q}", domain), float64(done[domain])/float64(total[domain]))
	}
	return last
}

// TestPrometheus: a real Prometheus watches a real move of accounts in two domains. The completion it computes is
// the one that verify finds: before anything moved, in the middle, at the end with a refused message, and when that
// is signed off.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t, []string{"CROSSFADE_DEST_FSYNC=never", "CROSSFADE_DEST_MAXMSG=300k"}, testbed.Source, testbed.Dest)
	source, users := bed.Server(testbed.Source), []string{"u0@example.test", "u1@example.test", "u0@second.test"}
	for i, u := range users {
		source.Fill(t, u, "--folders", "16", "--per-folder", "12", "--most", "50000", "--seed", fmt.Sprint(i))
	}
	source.FillQuick(t, users[1], 1, 400_000) // the destination takes no message of this size
	relay := faults.NewRelay(t, source.Addr, 10*time.Millisecond)
	p := proxyBetween(t, bed, relay.URL(), bed.Server(testbed.Dest).URL(), "--hold-backfill")
	p.start(t)
	prom := startPrometheus(t, p.admin)
	for _, u := range users { // reading a mailbox lists every folder
		if _, err := testbed.Read(p.imap, u, testbed.Pass); err != nil {
			t.Fatal(err)
		}
	}
	deleteTwo(t, p.imap, users[2])
	prom.says(t, `crossfade_folders{state="waiting"}`, 0)
	if v := p.sameAsVerify(t, prom, "before"); v.Done != 2 {
		t.Errorf("two messages were deleted, %d are done", v.Done)
	}
	p.promtool(t)

	p.move(t, "release")
	for p.report(t).Total.Copied < 60 {
		time.Sleep(5 * time.Millisecond)
	}
	p.move(t, "hold")
	p.rested(t)
	prom.says(t, "crossfade_backfill_held", 1)
	if v := p.sameAsVerify(t, prom, "midway"); v.Done == v.Total {
		t.Error("it was held too late: everything has moved")
	}

	p.move(t, "release")
	p.settle(t, 60)
	if v := p.sameAsVerify(t, prom, "at the end"); v.Done != v.Total-1 {
		t.Errorf("%d of %d done, one was refused", v.Done, v.Total)
	}
	prom.says(t, `sum(crossfade_quarantined_messages{signed_off="false"})`, 1)
	prom.says(t, "sum(crossfade_copied_messages_total)", float64(p.report(t).Total.Copied))
	if code, out, errs := call("quarantine", "sign-off", "--all", "--by", "the test", "--state", p.state); code != exitWell {
		t.Fatalf("sign-off: %s %s", out, errs)
	}
	if v := p.sameAsVerify(t, prom, "signed off"); v.Completion != 1 {
		t.Errorf("completion %v with everything signed off", v.Completion)
	}
	prom.says(t, `crossfade_completion_ratio == 1 and on() crossfade_folders{state="waiting"} == 0`, 1)
	p.promtool(t)
	prom.healthy(t)
	p.stop(t)
}

func (p *proxyProcess) move(t *testing.T, how string) {
	t.Helper()
	if code, out, errs := call(how, "--state", p.state); code != exitWell {
		t.Fatalf("%s: %s %s", how, out, errs)
	}
}

// rested waits until nothing is copied any more after a hold.
func (p *proxyProcess) rested(t *testing.T) {
	t.Helper()
	for still, last := 0, p.report(t).Total; still < 10; time.Sleep(100 * time.Millisecond) {
		if now := p.report(t).Total; now == last && now.Copying == 0 {
			still++
		} else {
			still, last = 0, now
		}
	}
}

// deleteTwo removes the first two messages of an INBOX as a mail program does.
func deleteTwo(t *testing.T, addr, user string) {
	t.Helper()
	c, err := dialGoAs(addr, user, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.SeqSet{{Start: 1, Stop: 2}}, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
}

// promtool wants no complaint about the metrics and the alerts, and nobody named in them.
func (p *proxyProcess) promtool(t *testing.T) {
	t.Helper()
	text, err := fetchText("http://" + p.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"u0@", "u1@", "INBOX", testbed.Pass + `"`} {
		if strings.Contains(text, name) {
			t.Errorf("the metrics name %q", name)
		}
	}
	check := exec.Command("promtool", "check", "metrics")
	check.Stdin = strings.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	if out, err := exec.Command("promtool", "check", "rules", "../../proxy/admin/alerts.yml").CombinedOutput(); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}

// healthy wants every alert to be one that Prometheus can evaluate.
func (p *promServer) healthy(t *testing.T) {
	t.Helper()
	text, err := fetchText("http://" + p.addr + "/api/v1/rules")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text, `"health":"ok"`); n != strings.Count(text, `"type":"alerting"`) || n < 5 {
		t.Errorf("%d rules are well:\n%s", n, text)
	}
}
