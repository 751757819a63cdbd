package backfill

import (
	"slices"

	"crossfade/store"
)

// idleLinks is how many links of folders that nobody uses stay in memory, in the whole engine (about 110 bytes
// each): a folder that is opened again at once should not be read again.
const idleLinks = 300_000

// use loads the folder's links and keeps them in memory until done.
func (f *folder) use() error {
	a := f.acct
	a.mu.Lock()
	f.refs++
	a.mu.Unlock()
	if err := f.load(); err != nil {
		f.done()
		return err
	}
	return nil
}

// done ends a use.
func (f *folder) done() {
	f.acct.mu.Lock()
	f.refs--
	free := f.refs == 0
	f.acct.mu.Unlock()
	if free && !f.passage.over() {
		f.acct.e.idle.add(f)
	}
}

// load reads the links if they are not in memory.
func (f *folder) load() error {
	f.editing.Lock()
	defer f.editing.Unlock()
	if f.loaded {
		return nil
	}
	if f.passage.over() {
		return ErrSwitched
	}
	var d *store.FolderData
	var recs []store.Quarantine
	err := f.acct.e.store.View(func(rx *store.Rx) (err error) {
		if d, err = rx.LoadFolder(f.rec.Account, f.id); err != nil {
			return err
		}
		recs, err = rx.Quarantine(f.rec.Account, f.id)
		return err
	})
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	f.links, f.changed = d.Links, make([]uint64, len(d.Links))
	f.sets, f.shown, f.members = newFlagSets(d.FlagSets), shownUIDs(d.Links), f.version
	f.refused = refusals(recs)
	count := tallyOf(d.Links, f.rec, f.refused)
	if f.tallied && count != f.tally {
		f.acct.log.Warn("the folder was counted wrongly, it is put right", "folder", f.rec.Name)
	}
	f.tally, f.tallied, f.loaded = count, true, true
	f.meetRecent()
	return nil
}

// unload drops the links if nobody uses the folder.
func (f *folder) unload() {
	f.editing.Lock()
	defer f.editing.Unlock()
	a := f.acct
	a.mu.Lock()
	used := f.refs > 0
	a.mu.Unlock()
	if used {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.links, f.changed, f.shown, f.refused, f.sets = nil, nil, nil, nil, newFlagSets(nil)
	f.loaded = false
}

// size is the number of links in memory.
func (f *folder) size() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.links)
}

// add puts a folder that nobody uses at the end of the queue and unloads the oldest ones beyond the budget.
func (q *idleFolders) add(f *folder) {
	q.mu.Lock()
	q.list = append(slices.DeleteFunc(q.list, func(g *folder) bool { return g == f }), f)
	var out []*folder
	total := 0
	for i := len(q.list) - 1; i >= 0; i-- {
		if total += q.list[i].size(); total > idleLinks && i < len(q.list)-1 {
			out = append(out, q.list[:i+1]...)
			q.list = slices.Clone(q.list[i+1:])
			break
		}
	}
	q.mu.Unlock()
	for _, g := range out {
		g.unload()
	}
}
