package backfill

import (
	"crossfade/mapping"
	"crossfade/store"
)

// flagSets interns the flag combinations of one folder; id 0 is the empty set.
type flagSets struct {
	list []mapping.Flags
	ids  map[mapping.Flags]store.FlagSet
}

func newFlagSets(list []mapping.Flags) flagSets {
	if len(list) == 0 {
		list = []mapping.Flags{""}
	}
	s := flagSets{list: list, ids: make(map[mapping.Flags]store.FlagSet, len(list))}
	for i, f := range list {
		s.ids[f] = store.FlagSet(i)
	}
	return s
}

func (s flagSets) get(id store.FlagSet) mapping.Flags {
	if int(id) >= len(s.list) {
		return ""
	}
	return s.list[id]
}
