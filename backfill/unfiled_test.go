package backfill

import (
	"strings"
	"testing"

	"crossfade/backfill/gate"
	"crossfade/mapping"
)

// TestUnfiled: what lies only in the folder of all messages is not moved, which is found and keeps the gate shut.
func TestUnfiled(t *testing.T) {
	b := newBed(t)
	all := b.src.add("INBOX.Everything", `\All`)
	for i, box := range []string{"INBOX", "INBOX.Kunden"} {
		for _, m := range b.src.boxes[box].msgs {
			all.put(string(m.body)).date = m.date
		}
		m := message(100+i, "filed")
		all.put(m).date = b.src.boxes[box].put(m).date
	}
	all.put(message(200, "archived"))
	b.start(false)
	b.login()
	b.wait()
	_, got := b.asked(gate.Options{})
	if c := got["unfiled"]; c.Colour != gate.Red || len(c.Items) != 1 || !strings.Contains(c.Items[0], "Everything: 1 messages or more of") {
		t.Errorf("%+v", c)
	}
	src, err := b.account().source(t.Context())
	must(t, err)
	listed, err := src.Folders(t.Context())
	must(t, err)
	plan := mapping.NewPlan(TreeOf(listed, src.Features()), mapping.Tree{Separator: "/"}, mapping.PlanOptions{})
	views, err := FindUnfiled(t.Context(), src, plan.Decisions)
	if err != nil || len(views) != 1 || views[0] != (Unfiled{"INBOX.Everything", len(all.msgs), 1}) {
		t.Errorf("%+v, %v", views, err)
	}
}

// TestAllByOverride: the folder of all messages is copied whole if the admin says so.
func TestAllByOverride(t *testing.T) {
	b := newBed(t)
	b.src.add("INBOX.Everything", `\All`).put(message(200, "archived"))
	over, err := mapping.ParseOverrides(strings.NewReader("INBOX.Everything = custom"))
	must(t, err)
	b.opt = func(o *Options) { o.Folders.Overrides = over }
	b.start(false)
	b.login()
	b.wait()
	if n := len(b.dst.has("Everything")); n != 1 {
		t.Errorf("%d messages were copied", n)
	}
	if _, got := b.asked(gate.Options{}); got["unfiled"].Colour != gate.Green {
		t.Errorf("%+v", got["unfiled"])
	}
}
