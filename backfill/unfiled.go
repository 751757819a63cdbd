package backfill

import (
	"context"
	"slices"

	"crossfade/backfill/gate"
	"crossfade/mapping"
)

// A folder that shows all messages (RFC 6154 2, \All) is not copied: that would double them. What was archived at Gmail
// lies there and in no other folder, and is left behind with it. The engine counts it as well as it can without listing
// the whole of it, and the gate stays shut.

// viewCap is what Gmail has; its view shows neither junk nor trash, others may.
const viewCap = "X-GM-EXT-1"

// view is a folder of the source that shows all messages.
type view struct {
	name     string // as people read it
	messages int
	gmail    bool
}

// isView tells of a folder that shows all messages and is not moved for that.
func isView(d mapping.Decision) bool {
	return d.Kind == mapping.Skip && d.Read.Role == mapping.All && d.Read.Evidence == mapping.ByAttribute
}

// Unfiled is a folder that shows all messages, by its raw name, with how many of them are in no folder that is moved.
type Unfiled struct {
	Name            string
	Messages, Alone int
}

// FindUnfiled lists a whole account to find what would be left behind in its views of all messages; nothing where it has
// none.
func FindUnfiled(ctx context.Context, m Mail, decided []mapping.Decision) (out []Unfiled, err error) {
	if !slices.ContainsFunc(decided, isView) {
		return nil, nil
	}
	filed := make(map[mapping.Key]bool)
	list := func(box string, each func(mapping.Key)) error {
		_, err := m.Scan(ctx, box, Scan{Details: true}, func(e Entry) error {
			each(mapping.Key{Size: e.Size, ID: e.MsgID, Date: e.Date.Unix()})
			return nil
		})
		return err
	}
	for _, d := range decided {
		if d.Kind == mapping.Skip {
			continue
		}
		if err := list(d.Source, func(k mapping.Key) { filed[k] = true }); err != nil {
			return nil, err
		}
	}
	for _, d := range decided {
		if !isView(d) {
			continue
		}
		u := Unfiled{Name: d.Source}
		err := list(d.Source, func(k mapping.Key) {
			u.Messages++
			if !filed[k] {
				u.Alone++
			}
		})
		if err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, nil
}

// lookViews asks how much the skipped views hold. What cannot be asked stays as it was.
func (a *account) lookViews(ctx context.Context, decided []mapping.Decision, paths map[string]mapping.Path) {
	var views []view
	for _, d := range decided {
		if !isView(d) {
			continue
		}
		src, err := a.source(ctx)
		if err != nil {
			return
		}
		st, err := src.Examine(ctx, d.Source)
		if err != nil {
			a.log.Warn("a folder that shows all messages cannot be counted", "folder", paths[d.Source].String(), "err", err)
			return
		}
		views = append(views, view{paths[d.Source].String(), int(st.Exists), src.Features().Caps.Has(viewCap)})
	}
	a.mu.Lock()
	a.views = views
	a.mu.Unlock()
}

// gateViews is what the gate is told of them: no fewer messages lie in a view alone than it has beyond all other
// folders together.
func (a *account) gateViews() (out []gate.View) {
	a.mu.Lock()
	views := a.views
	a.mu.Unlock()
	for _, v := range views {
		others := 0
		for _, f := range a.all() {
			if role := mapping.Role(f.record().Role); v.gmail && (role == mapping.Junk || role == mapping.Trash) {
				continue
			}
			t := f.counted()
			for _, n := range t.own {
				others += n
			}
		}
		out = append(out, gate.View{Folder: v.name, Messages: v.messages, Alone: max(0, v.messages-others), Archives: v.gmail})
	}
	return out
}
