package backfill

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"crossfade/mapping"
)

func (s *fakeServer) Append(_ context.Context, name string, items []AppendItem) ([]AppendResult, error) {
	if s.onAppend != nil {
		s.onAppend(name, len(items))
	}
	if s.appended != nil {
		defer s.appended(name, len(items))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.box(name)
	if err != nil {
		return nil, err
	}
	s.writes = append(s.writes, "APPEND "+name)
	var out []AppendResult
	for _, it := range items {
		rc, err := it.Open()
		if err != nil {
			return out, err
		}
		body, err := io.ReadAll(rc)
		if err != nil || int64(len(body)) != it.Size {
			return out, fmt.Errorf("size %d, want %d: %v", len(body), it.Size, err)
		}
		if s.refuse != nil && !(s.binary && it.Binary) {
			if err := s.refuse(body); err != nil {
				out = append(out, AppendResult{Err: err})
				continue
			}
		}
		if s.cutAfter == 1 && !s.lostUID {
			s.cutAfter = 0
			return out, fmt.Errorf("%w: %w", ErrUncertain, s.err("APPEND", "", HostScope))
		}
		flags := it.Flags
		if !s.keywords {
			flags = mapping.NewFlags(slices.DeleteFunc(flags.List(), func(f string) bool { return f[0] != '\\' })...)
		}
		m := b.put(string(body), flags.List()...)
		m.date = it.Date
		if s.cutAfter == 1 {
			s.cutAfter = 0
			return out, fmt.Errorf("%w: %w", ErrUncertain, s.err("APPEND", "", HostScope))
		}
		if s.cutAfter > 1 {
			s.cutAfter--
		}
		r := AppendResult{}
		if s.uidplus {
			r.UIDValidity, r.UID = b.validity, m.uid
		}
		out = append(out, r)
	}
	return out, nil
}

func (s *fakeServer) Store(_ context.Context, name string, validity uint32, set imap.UIDSet, op FlagOp, flags mapping.Flags) (map[uint32]mapping.Flags, error) {
	if err := s.remade(name); err != nil {
		return nil, err
	}
	if s.stored != nil {
		defer s.stored()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.box(name)
	if err != nil {
		return nil, err
	}
	s.writes = append(s.writes, "STORE "+name)
	out := map[uint32]mapping.Flags{}
	for _, m := range b.msgs {
		if set.Contains(imap.UID(m.uid)) {
			b.modseq++
			m.modseq = b.modseq
			m.flags = applyFlags(m.flags, op, flags)
			out[m.uid] = m.flags
		}
	}
	return out, nil
}

func (s *fakeServer) Expunge(_ context.Context, name string, validity uint32, set imap.UIDSet) error {
	if err := s.remade(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.box(name)
	if err != nil {
		return err
	}
	s.writes = append(s.writes, "EXPUNGE "+name)
	for _, m := range slices.Clone(b.msgs) {
		if set.Contains(imap.UID(m.uid)) && m.flags.Has(`\Deleted`) {
			b.remove(m.uid)
		}
	}
	return nil
}

func (s *fakeServer) Copy(_ context.Context, name string, validity uint32, set imap.UIDSet, to string) (Copied, error) {
	if err := s.remade(name); err != nil {
		return Copied{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.box(name)
	if err != nil {
		return Copied{}, err
	}
	t, err := s.box(to)
	if err != nil {
		return Copied{}, err
	}
	s.writes = append(s.writes, "COPY "+name+" "+to)
	out := Copied{UIDValidity: t.validity, UIDs: map[uint32]uint32{}, Learned: s.uidplus}
	for _, m := range slices.Clone(b.msgs) {
		if set.Contains(imap.UID(m.uid)) {
			n := t.put(string(m.body), m.flags.List()...)
			n.date = m.date
			out.UIDs[m.uid] = n.uid
		}
	}
	return out, nil
}

func (s *fakeServer) Move(ctx context.Context, name string, validity uint32, set imap.UIDSet, to string) (Copied, error) {
	if !s.move {
		return Copied{}, ErrNotOffered
	}
	c, err := s.Copy(ctx, name, validity, set, to)
	if err != nil {
		return c, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for u := range c.UIDs {
		s.boxes[name].remove(u)
	}
	return c, nil
}

func (s *fakeServer) Create(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return s.err("CREATE", "", HostScope)
	}
	if strings.Contains(name, "forbidden") {
		return s.err("CREATE", "CANNOT", FolderScope)
	}
	if s.creates = append(s.creates, name); strings.ContainsAny(name, s.noSigns) {
		return s.err("CREATE", "", FolderScope)
	}
	if s.onCreate != nil {
		defer s.onCreate(name)
	}
	if b := s.boxes[name]; b != nil && !b.phantom {
		return s.err("CREATE", "ALREADYEXISTS", FolderScope)
	}
	s.writes = append(s.writes, "CREATE "+name)
	s.add(name).sub = false
	return nil
}

func (s *fakeServer) Delete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.noFirst != nil:
		err := s.noFirst
		s.noFirst = nil
		return err
	case s.noDelete != nil:
		return s.noDelete
	case s.down:
		return s.err("DELETE", "", HostScope)
	case s.boxes[name] == nil || s.boxes[name].phantom:
		return s.err("DELETE", "NONEXISTENT", FolderScope)
	}
	if s.phantoms && s.below(name) {
		s.writes = append(s.writes, "DELETE "+name)
		s.boxes[name] = &fakeBox{name: name, phantom: true}
		return nil
	}
	s.writes = append(s.writes, "DELETE "+name)
	delete(s.boxes, name)
	for n := range s.boxes {
		if s.greedy && strings.HasPrefix(n, name+s.sep) {
			delete(s.boxes, n)
		}
	}
	return nil
}

func (s *fakeServer) Rename(_ context.Context, name, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, "RENAME "+name)
	if s.noRename != nil {
		return s.noRename
	}
	if s.boxes[name] == nil || s.boxes[to] != nil {
		return s.err("RENAME", "CANNOT", FolderScope)
	}
	if s.renameOne {
		b := s.boxes[name]
		delete(s.boxes, name)
		b.name, s.boxes[to] = to, b
		s.order[slices.Index(s.order, name)] = to
		return nil
	}
	s.rename(name, to)
	for n, b := range s.boxes {
		if s.renumber && (n == to || strings.HasPrefix(n, to+s.sep)) {
			s.validity++
			b.validity = s.validity
		}
	}
	return nil
}

// below tells whether there are folders below; the caller holds mu.
func (s *fakeServer) below(name string) bool {
	for n := range s.boxes {
		if strings.HasPrefix(n, name+s.sep) {
			return true
		}
	}
	return false
}

// rename renames a folder and those below it; the caller holds mu.
func (s *fakeServer) rename(name, to string) {
	for _, old := range slices.Clone(s.order) {
		if b := s.boxes[old]; b != nil && (old == name || strings.HasPrefix(old, name+s.sep)) {
			delete(s.boxes, old)
			b.name = to + old[len(name):]
			s.boxes[b.name] = b
			s.order[slices.Index(s.order, old)] = b.name
		}
	}
}

// renamed renames a folder as somebody else would.
func (s *fakeServer) renamed(name, to string) {
	s.set(func() { s.rename(name, to) })
}

func (s *fakeServer) Subscribe(_ context.Context, name string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, "SUBSCRIBE "+name)
	if s.noSub != nil {
		return s.noSub
	}
	if b := s.boxes[name]; b != nil {
		b.sub = on
	}
	return nil
}

func (s *fakeServer) Path(name string) mapping.Path { return strings.Split(name, s.sep) }

func (s *fakeServer) Name(p mapping.Path) string { return strings.Join(p, s.sep) }
