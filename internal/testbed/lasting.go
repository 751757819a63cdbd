package testbed

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Lasting is what was ever seen in a mailbox that nothing may be removed from: folder, UIDVALIDITY and UID of each message.
// A message that is removed and put in again has the same bytes, and another UID.
type Lasting map[string]map[uint32]map[uint32]bool

// See lists a mailbox by its numbers alone and adds them. Folders that are made or renamed meanwhile are left out.
func (l Lasting) See(addr, user string) error {
	c, err := dial(addr, user, Pass)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	s := Snapshot{Folders: map[string]Folder{}}
	if err := c.list(&s); err != nil {
		return err
	}
	for name, f := range s.Folders {
		if slices.Contains(f.Attrs, `\noselect`) || slices.Contains(f.Attrs, `\nonexistent`) {
			continue
		}
		if f, _, err = c.examine(name, f); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		answers, err := c.ok("UID SEARCH ALL")
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		for _, a := range answers {
			numbers, found := strings.CutPrefix(a[0].text, "* SEARCH")
			if !found {
				continue
			}
			for _, n := range strings.Fields(numbers) {
				if uid, err := strconv.ParseUint(n, 10, 32); err == nil {
					l.add(name, f.UIDValidity, uint32(uid))
				}
			}
		}
	}
	_, err = c.ok("LOGOUT")
	return err
}

func (l Lasting) add(name string, validity, uid uint32) {
	if l[name] == nil {
		l[name] = map[uint32]map[uint32]bool{}
	}
	if l[name][validity] == nil {
		l[name][validity] = map[uint32]bool{}
	}
	l[name][validity][uid] = true
}

// Count is the number of messages that were seen.
func (l Lasting) Count() (n int) {
	for _, f := range l {
		for _, uids := range f {
			n += len(uids)
		}
	}
	return n
}

// Gone tells, in words, what was seen and is no more there under its number. Nil means that all is.
func (l Lasting) Gone(now Snapshot) (bad []string) {
	for _, name := range slices.Sorted(maps.Keys(l)) {
		for validity, uids := range l[name] {
			f := now.Folders[name]
			if f.UIDValidity != validity {
				bad = append(bad, fmt.Sprintf("%q: UIDVALIDITY was %d and is %d", name, validity, f.UIDValidity))
				continue
			}
			for _, uid := range slices.Sorted(maps.Keys(uids)) {
				if _, there := f.Messages[uid]; !there {
					bad = append(bad, fmt.Sprintf("%q: UID %d was there and is gone", name, uid))
				}
			}
		}
	}
	return bad
}
